"""The recipes of CONTRIBUTING.md are complete: what is added at the places they name, and nowhere else, works.

What could go wrong: a recipe lacks a file, because a fact about an optimizer or a loss is asked somewhere by name or by
type (what is added neither trains, nor is checked, nor comes back from a file), or names one that nobody needs (files);
what it costs to add something grows again (counts). An optimizer of two slots and a loss with a parameter and kinks of
its own are added to a copy of the sources, which is compiled as it is, for all targets but without optimization, and
used in a process of its own.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# what of cpp/bindings may be one source, as no two of them have a name in common
BINDINGS_TOGETHER = [("layer", "network"), ("module", "runtime", "trainer")]
COMPILER = shutil.which(os.environ.get("CXX", "g++"))

# AdaMax: section 7.1 of Kingma and Ba, ICLR 2015. Each edit is (what stands there, what comes in its place).
OPTIMIZER: dict[str, list[tuple[str, str]]] = {
    "cpp/kernels/kernel_table.hpp": [("adagrad, rprop }", "adagrad, rprop, adamax }")],
    "cpp/kernels/optimizer-inl.hpp": [
        (
            "template <class T>\nptrdiff_t weight_rows(",
            """// Slots: the first moment, and the largest magnitude, which decays.
template <class T>
struct AdaMax {
  static constexpr int kSlots = 2;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    const Vec<T> size = g < Vec<T>{} ? -g : g;
    p.slot0 = fma<T>(broadcast<T>(s.beta1), p.slot0, g * s.one_minus_beta1);
    const Vec<T> faded = p.slot1 * s.beta2;
    p.slot1 = faded > size ? faded : size;
    p.w = fma<T>(broadcast<T>(s.descent), p.slot0 / (p.slot1 + s.epsilon), p.w);
  }
};

template <class T>
ptrdiff_t weight_rows(""",
        ),
        (
            "    case OptimizerKind::rprop:",
            "    case OptimizerKind::adamax: move_tile<AdaMax<T>>(p); break;\n    case OptimizerKind::rprop:",
        ),
    ],
    "cpp/core/optimizer.hpp": [
        (
            "    case OptimizerKind::rprop: return kRprop;",
            "    case OptimizerKind::rprop: return kRprop;\n    case OptimizerKind::adamax: return kAdam;",
        ),
        (
            "    case OptimizerKind::rprop: return 2;",
            "    case OptimizerKind::rprop:\n    case OptimizerKind::adamax: return 2;",
        ),
        (
            "  step.beta2 = static_cast<T>(settings.beta2);",
            """  if (settings.kind == OptimizerKind::adamax) {
    step.descent = static_cast<T>(-rate / one_minus_power(settings.beta1, number));
  }
  step.beta2 = static_cast<T>(settings.beta2);""",
        ),
    ],
    "cpp/bindings/names.hpp": [
        ('{"rprop", OptimizerKind::rprop},', '{"rprop", OptimizerKind::rprop}, {"adamax", OptimizerKind::adamax},')
    ],
    "python/fastmlp/optimizers.py": [
        (
            "@dataclass(frozen=True)\nclass LBFGS(",
            '''@dataclass(frozen=True)
class AdaMax(StepOptimizer):
    """Steps in units of the largest gradient so far, which fades."""

    learning_rate: float | Schedule = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "adamax"

    def __post_init__(self) -> None:
        decay = {"minimum": 0.0, "below": 1.0}
        _check(self, beta1=decay, beta2=decay, epsilon={"above": 0.0})


@dataclass(frozen=True)
class LBFGS(''',
        ),
        ("by_name(SGD, ", "by_name(AdaMax, SGD, "),
    ],
    "python/fastmlp/__init__.py": [
        ("optimizers import LBFGS, ", "optimizers import LBFGS, AdaMax, "),
        ('    "Adagrad",\n', '    "AdaMax",\n    "Adagrad",\n'),
    ],
}

# The loss of support vector regression: V. Vapnik, The Nature of Statistical Learning Theory, 1995.
LOSS: dict[str, list[tuple[str, str]]] = {
    "cpp/kernels/kernel_table.hpp": [
        ("  hinge,\n  perceptron,\n", "  hinge,\n  perceptron,\n  epsilon_insensitive,\n")
    ],
    "cpp/kernels/loss-inl.hpp": [
        (
            "    if constexpr (kind == LossKind::huber) {",
            """    if constexpr (kind == LossKind::epsilon_insensitive) {  // parameter: what is no error yet
      const Vec<T> above = error - parameter;
      const Vec<T> below = -error - parameter;
      return {above > zero ? above : (below > zero ? below : error != error ? error : zero),
              above > zero ? one : (below > zero ? -one : zero)};
    } else if constexpr (kind == LossKind::huber) {""",
        ),
        (
            "      case LossKind::quantile:",
            "      case LossKind::epsilon_insensitive: loss_by_output<LossKind::epsilon_insensitive>(a, row); break;\n"
            "      case LossKind::quantile:",
        ),
    ],
    "cpp/bindings/names.hpp": [
        (
            '    {"perceptron", LossKind::perceptron},',
            '    {"perceptron", LossKind::perceptron},\n    {"epsilon_insensitive", LossKind::epsilon_insensitive},',
        )
    ],
    "python/fastmlp/losses.py": [
        (
            "LOSSES: dict[str, type[Loss]] = by_name(\n",
            '''@dataclass(frozen=True)
class EpsilonInsensitive(Loss):
    """(1 / n_outputs) sum_k max(0, |a_k - y_k| - epsilon)."""

    epsilon: float = 0.1
    name: ClassVar[str] = "epsilon_insensitive"

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", check_real(self.epsilon, "epsilon", minimum=0.0))

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where an error begins to count."""
        return (-self.epsilon, self.epsilon)


LOSSES: dict[str, type[Loss]] = by_name(
    EpsilonInsensitive,
''',
        )
    ],
}

# What the library that results must do; the expected numbers are computed here, by NumPy, from the formulas.
PROGRAM = """
import pickle, sys
import numpy as np
import fastmlp as fm
from fastmlp.cli import main

assert fm.__file__.startswith(sys.argv[1]), fm.__file__
X = np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0]])
y = np.array([1.0, -2.0, 0.3])

# the loss: value, gradient check away from its kinks and at one of them, a wrong setting, a file
loss = fm.losses.EpsilonInsensitive(0.5)
assert loss.parameter == 0.5
net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(1)], loss=loss, dtype="float64", seed=1)
errors = np.maximum(0.0, np.abs(net.forward(X)[:, 0] - y) - 0.5)
assert abs(net.loss(X, y) - errors.mean()) < 1e-12
report = net.check_gradients(X, y)
assert report.passed and report.n_samples == 3, report
at_a_kink = y.copy()
at_a_kink[1] = net.forward(X)[1, 0] + 0.5
report = net.check_gradients(X, at_a_kink)
assert report.passed and report.n_samples_left_out == 1, report
assert (net.predict(X) == net.forward(X)[:, 0]).all()
try:
    fm.losses.EpsilonInsensitive(-1.0)
except ValueError as error:
    assert "epsilon must be at least 0" in str(error)
else:
    raise AssertionError("a negative epsilon passed")

# the optimizer: three steps of two slots by the formula, momentum of both kept from fit to fit
def by_hand(parameters, gradients_at, steps):
    m, u = np.zeros_like(parameters), np.zeros_like(parameters)
    for t in range(1, steps + 1):
        g = gradients_at(parameters)
        m = 0.9 * m + 0.1 * g
        u = np.maximum(0.999 * u, np.abs(g))
        parameters = parameters - 0.01 / (1 - 0.9**t) * m / (u + 1e-8)
    return parameters

twin = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(1)], loss=loss, dtype="float64", seed=1)
def gradients_at(parameters):
    twin.set_parameters(parameters)
    return twin.gradients(X, y).ravel()

expected = by_hand(net.get_parameters(), gradients_at, 3)
net.fit(X, y, epochs=2, batch_size=None, optimizer=fm.AdaMax(0.01), shuffle=False)
copy = pickle.loads(pickle.dumps(net))
for each in (net, copy):
    each.fit(X, y, epochs=1, batch_size=None, optimizer=fm.AdaMax(0.01), shuffle=False)
    np.testing.assert_allclose(each.get_parameters(), expected, rtol=1e-12)
net.partial_fit(X, y, optimizer="adamax")
net.learn(X[0], y[0], optimizer="adamax")
for target in fm.available_targets():
    fm._core._testing.choose_target(target)
    history = fm.Network(2, [fm.Dense(9, "relu"), fm.Dense(1)], loss="epsilon_insensitive", seed=0).fit(
        X, y, epochs=300, batch_size=2, optimizer=fm.AdaMax(fm.schedules.Cosine(0.05), clip_norm=1.0)
    )
    assert history["loss"][-1] < 0.05 * history["loss"][0], history

net.save("model.safetensors")
again = fm.load("model.safetensors")
assert again.loss_function == loss and (again.predict(X) == net.predict(X)).all()
assert "epsilon_insensitive" in again.summary()

with open("table.csv", "w") as file:
    file.write("a,b,y\\n" + "".join(f"{a},{b},{t}\\n" for (a, b), t in zip(X, y)))
assert main("train table.csv --target y --task regression --optimizer adamax --epochs 2".split()) == 0
print("all of it")
"""


def files_named(title: str) -> set[str]:
    """Return the files of a recipe's table; those of the reference, of documents and of tests are not counted."""
    section = RECIPES.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
    files = {file for row in rows for file in re.findall(r"`([\w./-]+)`", row)}
    return {file for file in files if not re.match(r"python/fastmlp/reference/|docs/|tests/|README", file)}


def test_each_recipe_names_what_its_made_up_addition_changes():
    assert files_named("Add an optimizer") == set(OPTIMIZER)
    assert files_named("Add a loss") == set(LOSS)


@pytest.mark.parametrize(
    ("title", "most"),
    [("Add an optimizer", 8), ("Add a loss", 8), ("Add a layer kind", 10), ("Add a file format", 4), ("Add a plot", 3)],
)
def test_an_addition_costs_a_handful_of_files(title, most):
    named = files_named(title)
    assert 1 <= len(named) <= most
    assert all((ROOT / file).exists() for file in named)


def compile_to(folder: Path) -> None:
    """Compile the core of a copy of the sources, as CMakeLists.txt says but for the optimization."""
    import pybind11

    cmake = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    common = re.search(r"target_compile_options\(fastmlp_flags INTERFACE ([^$]*)", cmake)
    assert common is not None
    of_target = {
        name.replace("-", "_"): flags.split()
        for name, flags in re.findall(r"^\s*fastmlp_add_target\((\S+) ([^)]*)\)", cmake, flags=re.MULTILINE)
    }
    includes = [f"-I{path}" for path in (folder / "cpp", pybind11.get_include(), sysconfig.get_paths()["include"])]
    facts = [f'-DFASTMLP_{name}="copy"' for name in ("BUILD_TYPE", "COMPILER")] + ['-DFASTMLP_VERSION="0"']
    flags = ["-std=gnu++20", "-O0", "-fPIC", "-fopenmp", "-fvisibility=hidden", *common.group(1).split(), *facts]
    machine = "x86" if sysconfig.get_platform().endswith(("x86_64", "amd64")) else "aarch64"
    services = re.search(rf"set\(services_{platform.system()} ([^)]*)\)", cmake)
    assert services is not None
    of_system = {f"{service}.cpp" for service in services.group(1).split()}
    sources = [
        path
        for path in folder.glob("cpp/**/*.cpp")
        if (path.parent.name != "targets" or path.name.startswith(machine))
        and (path.parent.parent.name != "platform" or f"{path.parent.name}/{path.name}" in of_system)
    ]
    # several of the bindings at a time: most of what each takes is reading pybind11 (65 s of one core become 39)
    for index, names in enumerate(BINDINGS_TOGETHER):
        together = [path for path in sources if path.parent.name == "bindings" and path.stem in names]
        sources = [path for path in sources if path not in together]
        sources.insert(0, folder / f"bindings-{index}.cpp")
        sources[0].write_text("".join(f'#include "bindings/{path.name}"\n' for path in together), encoding="utf-8")

    def compiled(source: Path) -> Path:
        target = of_target.get(source.stem, []) if source.parent.name == "targets" else []
        result = folder / f"{source.parent.name}-{source.stem}.o"
        command = [str(COMPILER), *flags, *target, *includes, "-c", str(source), "-o", str(result)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return result

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compiled, sorted(sources, key=lambda path: "bindings" not in str(path))))
    module = folder / "python" / "fastmlp" / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run([str(COMPILER), "-shared", "-fopenmp", *map(str, objects), "-o", str(module)], check=True)


@pytest.mark.skipif(COMPILER is None, reason="what is added in C++ must be compiled, which needs g++ on the PATH")
def test_an_optimizer_and_a_loss_added_where_the_recipes_say_work(tmp_path):
    for part in ("cpp", "python"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copy(ROOT / "CMakeLists.txt", tmp_path)
    for edits in (OPTIMIZER, LOSS):
        for file, changes in edits.items():
            path = tmp_path / file
            text = path.read_text(encoding="utf-8")
            for before, after in changes:
                assert text.count(before) == 1, (file, before)
                text = text.replace(before, after)
            path.write_text(text, encoding="utf-8")
    compile_to(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "python"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all of it\n")
