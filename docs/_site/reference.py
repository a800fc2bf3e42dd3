"""Pages of the API: one for each public name, made from what the modules say is public, and an index of them.

A name is public that stands in the ``__all__`` of one of MODULES. What several modules offer has one page, under the
first of them. The text of a page is the docstring, which Sphinx reads while it builds.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from textwrap import indent
from typing import Any, NamedTuple

# in the order of the index: what each module is for, in one sentence
MODULES = {
    "fastmlp": "What most programs need: networks, layers, optimizers, files, checks of gradients.",
    "fastmlp.activations": "What a unit makes of its sum. Each is a function, too: `fm.activations.Tanh()(z)`.",
    "fastmlp.losses": "What a training makes small. Each is a function, too: `fm.losses.Huber()(outputs, targets)`.",
    "fastmlp.optimizers": "How weights follow their gradients.",
    "fastmlp.schedules": "Learning rates that change during a training.",
    "fastmlp.initializers": "What weights are before the first step.",
    "fastmlp.callbacks": "What happens after an epoch.",
    "fastmlp.metrics": "How good predictions are.",
    "fastmlp.sklearn": "Estimators of scikit-learn, for arrays and for tables.",
    "fastmlp.plots": "Pictures of networks, trainings and data.",
    "fastmlp.datasets": "Data to try things on.",
    "fastmlp.gradient_check": "What a check of gradients returns.",
    "fastmlp.testing": "Gradients in tests of your own, from PyTorch and JAX too.",
    "fastmlp.reference": "The whole once more in plain Python, to be read.",
}
# names that are no functions or classes have no docstring of their own
DATA = {
    "fastmlp.callbacks.Callback": """The type of a callback: a function of a network and of an epoch, the row of its
:class:`~fastmlp.History`; returning True ends the fit.

>>> import fastmlp as fm
>>> from fastmlp.callbacks import Callback
>>> def early(network: fm.Network, epoch: dict[str, float]) -> bool:
...     return epoch["loss"] < 0.5
>>> callbacks: list[Callback] = [early, fm.LogEvaluation(10)]
>>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
>>> history = net.fit(*fm.datasets.xor(), epochs=1000, callbacks=[early])
>>> history["loss"][-1] < 0.5 <= history["loss"][-2]
True""",
    "fastmlp.reference.ACTIVATIONS": """The activations by name, as functions that make gates of gates.

They take the pre-activations of a layer and the activation as an object, for its settings.

>>> from fastmlp.activations import LeakyReLU
>>> from fastmlp.reference import ACTIVATIONS, Gate
>>> [a.value for a in ACTIVATIONS["leaky_relu"]([Gate(-2.0), Gate(3.0)], LeakyReLU(0.5))]
[-1.0, 3.0]""",
    "fastmlp.reference.LOSSES": """The losses by name, as functions that make gates of gates.

They take pre-activations and outputs of the last layer, targets, the last activation and the loss as objects.

>>> from fastmlp.activations import Identity
>>> from fastmlp.losses import MeanSquaredError
>>> from fastmlp.reference import LOSSES, Gate
>>> outputs = [Gate(3.0), Gate(1.0)]
>>> LOSSES["mse"](outputs, outputs, [1.0, 1.0], Identity(), MeanSquaredError()).value
2.0""",
    "fastmlp.reference.OPTIMIZERS": """The rules of the optimizers by name, each for a single number.

They take the optimizer as an object, the learning rate, the number of the step, a parameter, its gradient and what the
rule remembers, and return the next parameter and what is to be remembered: here 2 - 0.1 * 0.5 and the velocity.

>>> from fastmlp.optimizers import SGD
>>> from fastmlp.reference import OPTIMIZERS
>>> OPTIMIZERS["sgd"](SGD(0.1), 0.1, 1, 2.0, 0.5)
(1.95, 0.5)""",
}


MANY = 8  # members of a class, from which on its page begins with a list of them
# whose functions are a line each, so that their files can be read like a page of a book
GATES = ("fastmlp.reference.graph", "fastmlp.reference.functions")
OF_GATES = "Takes gates, or numbers in their place; :class:`~fastmlp.reference.Gate` has an example."


class Name(NamedTuple):
    """A public name: where its page is, and what it stands for."""

    path: str
    value: Any

    @property
    def summary(self) -> str:
        """The first sentence of its documentation."""
        text = DATA.get(self.path) or inspect.getdoc(self.value) or ""
        return " ".join(text.partition("\n\n")[0].split())

    @property
    def is_gate(self) -> bool:
        """Whether it is one of the small functions of the reference."""
        return inspect.isfunction(self.value) and self.value.__module__ in GATES


def public_names() -> dict[str, list[Name]]:
    """Return the public names of each module, modules left out; a name that came before keeps its path."""
    paths: dict[int, str] = {}
    found = {}
    for module in MODULES:
        names = []
        for name in sorted(import_module(module).__all__, key=lambda name: (name.lower(), name)):
            value = getattr(import_module(module), name)
            if not inspect.ismodule(value):
                names.append(Name(paths.setdefault(id(value), f"{module}.{name}"), value))
        found[module] = names
    return found


def public_members(kind: type, public: set[type]) -> list[str]:
    """Return the properties of a class, and the methods that say what they take and return.

    Those that it has from another public class, which has a page, are left out, and so is what has one line for those
    who read the source: what the core is told. In the reference, a line is all that methods have.
    """
    found = []
    for name in sorted(dir(kind)):
        owner = next(base for base in kind.__mro__ if name in vars(base))
        member = vars(owner)[name]
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        elsewhere = owner is not kind and (owner in public or not owner.__module__.startswith("fastmlp"))
        text = inspect.getdoc(member) or ""
        told = isinstance(member, property) or "\n-----" in text or owner.__module__.startswith("fastmlp.reference.")
        own = (getattr(function, "__module__", None) or "").startswith("fastmlp")
        if not name.startswith("_") and own and not elsewhere and inspect.isroutine(function) and text and told:
            found.append(name)
    return found


def page(name: Name, public: set[type]) -> str:
    """Return the page of one public name."""
    _, _, short = name.path.rpartition(".")
    title = [short, "=" * len(short), ""]
    if name.path in DATA:
        return "\n".join([*title, f".. py:data:: {name.path}", "", indent(DATA[name.path], "   "), ""])
    if not inspect.isclass(name.value):
        return "\n".join([*title, f".. autofunction:: {name.path}", "", OF_GATES if name.is_gate else "", ""])
    kind = "exception" if issubclass(name.value, BaseException) else "class"
    lines = [*title, f".. auto{kind}:: {name.path}"]
    lines += ["   :show-inheritance:"] if public.intersection(name.value.__bases__) else []
    members = public_members(name.value, public) if kind == "class" else []
    lines += [f"   :members: {', '.join(members)}"] if members else []
    if len(members) >= MANY:
        lines[3:3] = overview([Name(f"{name.path}.{member}", getattr(name.value, member)) for member in members])
    return "\n".join([*lines, ""])


def overview(members: list[Name]) -> list[str]:
    """Return a table of what a class has, to be opened by those who look for something."""
    lines = [f".. dropdown:: All {len(members)} methods and properties", ""]
    lines += ["   .. list-table::", "      :widths: 30 70", ""]
    for member in members:
        _, _, short = member.path.rpartition(".")
        lines += [f"      * - :py:obj:`{short} <{member.path}>`", f"        - {member.summary}"]
    return [*lines, ""]


def module_page(module: str, names: list[Name]) -> str:
    """Return the page of a module: its names, and what each is in a sentence."""
    lines = [f"# {module}", "", MODULES[module], "", "```{py:module} " + module, ":no-typesetting:", "```", ""]
    lines += ["```{eval-rst}", ".. list-table::", "   :widths: 30 70", ""]
    for name in names:
        lines += [f"   * - :doc:`{name.path.removeprefix(module + '.')} <{name.path}>`", f"     - {name.summary}"]
    own = [name.path for name in names if name.path.rpartition(".")[0] == module]
    lines += ["```", "", "```{toctree}", ":hidden:", "", *own, "```", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return all pages of the API by their names."""
    found = {}
    index = ["# API reference", "", "Every public name has a page. The tests run the examples.", ""]
    index += ["| module | for |", "|---|---|"]
    everything = public_names()
    public = {name.value for names in everything.values() for name in names if inspect.isclass(name.value)}
    for module, names in everything.items():
        found[f"api/{module}.md"] = module_page(module, names)
        index.append(f"| [{module}]({module}.md) | {MODULES[module]} |")
        for name in names:
            found[f"api/{name.path}.rst"] = page(name, public)
    index += ["", "```{toctree}", ":hidden:", "", *MODULES, "```", ""]
    return {"api/index.md": "\n".join(index), **found}
