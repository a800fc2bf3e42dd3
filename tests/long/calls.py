"""Random calls of what is public, with right and with wrong arguments.

    python -m tests.long.calls --count 30000 --seed 1

A call gives a result of the right type or an error (and warnings) in the library's own words, within 5 s; a call that
is refused has changed nothing. Pictures are left out, and so are callbacks that do harm on their own account.
"""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tests.long.sentences import fault_of_error, fault_of_warnings, ring

import fastmlp as fm
from fastmlp import activations, datasets, initializers, losses, metrics, schedules

SECONDS = 5
ROWS = 6
RNG = np.random.default_rng(0)


class Evil:
    """An object that fails wherever it is asked."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


X = RNG.normal(size=(ROWS, 3))
MASKED = np.ma.masked_array(X, X > 1)
RECORDS = np.zeros(ROWS, [("a", "f4"), ("b", "i8")])
READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False
# wrong in most places, right in some; what comes from a function is made anew
ODD: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 2.5, -0.0, 1e-320, 1e300, float("nan"), float("inf"), -float("inf"), 10**400,
    -(10**400), 2**31, 2**63, 2**64, "", "relu", "x", "1/x", "\ud800", "a\0b", "x" * 10**4, b"a", [], (), {}, set(),
    [[]], [None], [1, [2]], [[1, 2], [3]], {"a": 1}, {0: 1.0}, {0: -1.0}, {1: float("nan")}, {10**400: 1.0}, {-1: 1.0},
    Evil(), [Evil()], object(), object, len, lambda *_: None, lambda: None, 1j, Decimal("1.5"), Fraction(1, 3),
    range(3), datetime.date(2020, 1, 1), np.float32(1), np.float64("nan"), np.int64(3), np.uint64(2**64 - 1),
    np.bool_(True),
    np.complex64(1), np.str_("tanh"), np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), np.array(1.0),
    np.zeros((2, 2, 2)), np.array([None, 1]), np.array(["a", "b"]), np.array(["2020-01-01"], "M8[D]"),
    np.ones(3, complex), RECORDS, MASKED, X, X.astype(np.float16), X.astype(np.longdouble), X.astype(">f8"), READ_ONLY,
    X[::2],
    X[:, ::-1], X.T, X * np.nan,
    np.full((ROWS, 3), 1e308), np.full((ROWS, 3), 2**62), np.full((ROWS, 3), 10**30), [X, X], X.tolist(), memoryview(X),
    lambda: iter([(X, np.zeros(ROWS, int))]), ..., slice(3), NotImplemented, fm.Dense(2), fm.Adam(), fm.Standardize(),
    losses.Huber(1.0), schedules.Cosine(0.1), fm.LBFGS(), Path("/nowhere/x"), "/nowhere/x", "/",
    "/dev/null/x", ["adam"],
]  # fmt: skip


class Parameter(NamedTuple):
    """A parameter, and right values for it; a call leaves it out where it may."""

    name: str
    right: list[Any]
    required: bool = False


def parameter(name: str, *right: Any, required: bool = False) -> Parameter:
    return Parameter(name, list(right), required)


UNIT = (0.0, 0.1, 0.5, 0.9)
RATES = (
    0.01,
    0.5,
    schedules.Cosine(0.1),
    schedules.Step(0.1),
    schedules.Warmup(schedules.Cosine(0.1), fraction=0.5),
    "cosine",
    "exponential",
)
INITIAL = parameter("initial", 0.1, 1, required=True)
CLIPS = (parameter("clip_value", None, 1.0), parameter("clip_norm", None, 0.5))
RATE = parameter("learning_rate", *RATES)
PENALTIES = (parameter("l1", None, 0.0, 0.1), parameter("l2", None, 0.0, 0.1))
FACTORS = (parameter("weight_rate_factor", 1.0, 0.5), parameter("bias_rate_factor", 1.0, 2))
TARGETS = (np.arange(ROWS) % 2, np.eye(2)[np.arange(ROWS) % 2], np.arange(ROWS) / ROWS, (np.arange(ROWS) % 2).tolist())
SAMPLES = (X, X.astype(np.float32), X.tolist(), X.astype(int))
WEIGHT = parameter("sample_weight", None, np.ones(ROWS), np.arange(ROWS))
METRICS = parameter("metrics", None, ["accuracy"], ["rmse", "r2"], [metrics.mae], ["top_3_accuracy"], ["auc"], [])
OPTIMIZER = parameter(
    "optimizer", "adam", "sgd", "rprop", "lbfgs", fm.SGD(0.01), fm.Adam(0.01), fm.Rprop(), fm.LBFGS(2), fm.AdamW(0.1)
)


def callbacks_of() -> list[Any]:
    return [
        (),
        [fm.EarlyStopping(1)],
        [fm.EarlyStopping(1, monitor="validation_loss")],
        [fm.LambdaCallback(epoch=lambda net, epoch: False)],
        [lambda net, epoch: None],
        [fm.EarlyStopping(1, monitor="accuracy")],
    ]


MAKERS: dict[Any, tuple[Parameter, ...]] = {
    fm.Dense: (
        parameter("units", 1, 2, 5, required=True),
        parameter("activation", *activations.ACTIVATIONS, "x*sigmoid(x)", activations.LeakyReLU(0.2)),
        *PENALTIES,
        *FACTORS,
        parameter("initializer", None, *initializers.INITIALIZERS, initializers.Constant(0.5)),
    ),
    fm.Dropout: (parameter("rate", *UNIT, required=True),),
    fm.Maxout: (parameter("units", 1, 3, required=True), parameter("pieces", 2, 3), *PENALTIES, *FACTORS),
    fm.LayerNorm: (),
    fm.Standardize: (parameter("mean", None, [1.0, 0, 2]), parameter("deviation", None, (1, 2, 3.0))),
    fm.Rescale: (
        parameter("to", (0, 1), (-1.0, 1.0)),
        parameter("minimum", None, 0, (0, 1, 2)),
        parameter("maximum", None, 255, (3, 3, 3)),
    ),
    fm.RobustScale: (
        parameter("median", None, [0.0, 1, 2]),
        parameter("deviation", None, [1, 1, 1]),
        parameter("limit", None, 3.0),
    ),
    fm.SGD: (RATE, parameter("momentum", *UNIT), parameter("nesterov", False, True), *CLIPS),
    fm.Adam: (RATE, parameter("beta1", *UNIT), parameter("beta2", *UNIT), parameter("epsilon", 1e-8), *CLIPS),
    fm.AdamW: (RATE, parameter("beta1", *UNIT), parameter("weight_decay", *UNIT), *CLIPS),
    fm.RMSProp: (RATE, parameter("alpha", *UNIT), parameter("momentum", *UNIT), *CLIPS),
    fm.Adagrad: (RATE, parameter("epsilon", 1e-10), *CLIPS),
    fm.Rprop: tuple(
        parameter(name, value)
        for name, value in (
            ("learning_rate", 0.1),
            ("eta_minus", 0.5),
            ("eta_plus", 1.2),
            ("min_step", 1e-6),
            ("max_step", 50),
        )
    ),
    fm.LBFGS: (
        parameter("max_iterations", None, 3),
        parameter("tolerance", 1e-5, 0),
        parameter("history", 1, 10),
        parameter("loss_tolerance", 0.0, 1e-9),
        parameter("max_evaluations", None, 5),
    ),
    fm.EarlyStopping: (
        parameter("patience", 1, 5),
        parameter("monitor", None, "loss", "validation_loss"),
        parameter("min_delta", 0.0, 0.1),
        parameter("restore_best", True, False),
        parameter("mode", None, "min", "max"),
    ),
    fm.LogEvaluation: (parameter("period", 1, 10),),
    fm.ModelCheckpoint: (
        parameter("path", "a.safetensors", "{epoch}.safetensors", required=True),
        parameter("monitor", None, "loss"),
        parameter("best_only", True, False),
        parameter("mode", None, "min"),
    ),
    fm.LambdaCallback: (parameter("begin", None, len), parameter("epoch", None, len), parameter("end", None, len)),
    losses.CrossEntropy: (
        parameter("label_smoothing", *UNIT),
        parameter("class_weight", None, "balanced", {0: 1.0, 1: 2}),
    ),
    losses.Huber: (parameter("delta", 0.5, 1),),
    losses.Quantile: (parameter("q", *UNIT[1:]),),
    schedules.Constant: (INITIAL,),
    schedules.Step: (
        INITIAL,
        parameter("factor", 0.5),
        parameter("every_epochs", 1, 9),
        parameter("every_steps", None, 2),
    ),
    schedules.Exponential: (INITIAL, parameter("factor", 0.9)),
    schedules.InverseScaling: (INITIAL, parameter("power", 0.5)),
    schedules.Cosine: (INITIAL, parameter("final", 0.0, 0.01)),
    schedules.OneCycle: (
        INITIAL,
        parameter("rise", 0.3),
        parameter("first_divisor", 25),
        parameter("last_divisor", 1e4),
    ),
    schedules.Coslog4: (INITIAL,),
    schedules.Warmup: (
        parameter("schedule", schedules.Cosine(0.1), required=True),
        parameter("steps", None, 3),
        parameter("fraction", None, 0.1),
    ),
    schedules.ReduceOnPlateau: (
        INITIAL,
        parameter("factor", 0.5),
        parameter("patience", 1, 3),
        parameter("mode", None, "min"),
    ),
    initializers.Constant: (parameter("value", 0.0, 1, required=True),),
    initializers.Uniform: (parameter("bound", 0.1, required=True),),
    initializers.Normal: (parameter("deviation", 0.1, required=True),),
    activations.LeakyReLU: (parameter("slope", 0.1),),
    activations.ELU: (parameter("alpha", 1.0),),
    activations.Formula: (parameter("text", "x*x", "max(x, 0)", required=True),),
}
SAME_SHAPE = (
    parameter("y_true", *TARGETS, required=True),
    parameter("outputs", np.eye(2)[np.arange(ROWS) % 2], X[:, :1], required=True),
)
FUNCTIONS: dict[Callable[..., Any], tuple[type, tuple[Parameter, ...]]] = {
    **dict.fromkeys(
        (metrics.accuracy, metrics.auc, metrics.log_loss, metrics.mae, metrics.r2, metrics.rmse),
        (float, (*SAME_SHAPE, WEIGHT)),
    ),
    metrics.top_k: (float, (*SAME_SHAPE, WEIGHT, parameter("k", 1, 2, required=True))),
    datasets.moons: (tuple, (parameter("n", 4, 10), parameter("noise", 0.0, 0.1), parameter("seed", 0, 1))),
    datasets.blobs: (tuple, (parameter("n", 4, 10), parameter("centers", 1, 3), parameter("seed", 0, 1))),
    datasets.two_spirals: (tuple, (parameter("n", 4, 10), parameter("noise", 0.0, 0.1), parameter("seed", 0))),
    datasets.load_mnist: (tuple, (parameter("folder", required=True),)),
    fm.load: (fm.Network, (parameter("path", required=True),)),
    fm.check_gradients: (
        fm.GradientReport,
        (
            parameter("f", lambda x: float(np.clip(x, -1, 1).sum()), required=True),
            parameter("gradient", np.ones_like, np.zeros(2), required=True),
            parameter("x", [1.0, 2.0], required=True),
            parameter("step", 1e-6),
            parameter("tolerance", 1e-6),
            parameter("max_parameters", 5, 1000),
            parameter("seed", 0),
        ),
    ),
}
DATA = (parameter("X", *SAMPLES, required=True), parameter("y", *TARGETS, required=True))
# of networks with one output and with two
DERIVATIVES = (np.ones((ROWS, 1)), np.ones(ROWS), np.ones((ROWS, 2), np.float32), lambda outputs: outputs)
OWN = (
    DATA[0],
    parameter("d_outputs", *DERIVATIVES, required=True),
    parameter("at", "outputs", "pre_activations"),
)
DROPOUT = parameter("dropout", None, 0, 5)
METHODS: dict[str, tuple[Any, tuple[Parameter, ...]]] = {
    "fit": (
        fm.History,
        (
            *DATA,
            parameter("epochs", 0, 1, 2),
            parameter("batch_size", None, 1, 2, 100),
            OPTIMIZER,
            parameter("shuffle", True, False),
            WEIGHT,
            parameter("validation_data", None, (X, TARGETS[0]), (X, TARGETS[2])),
            parameter("validation_fraction", None, 0.3),
            METRICS,
            parameter("callbacks", *callbacks_of()),
            parameter("progress", None, False),
        ),
    ),
    "fit on batches": (
        fm.History,
        (
            parameter("X", *([(X, y)] * 2 for y in TARGETS), [(X, TARGETS[0], np.ones(ROWS))], required=True),
            parameter("epochs", 1, 2),
            OPTIMIZER,
            parameter("validation_data", None, (X, TARGETS[0]), (X, TARGETS[2])),
            METRICS,
        ),
    ),
    "partial_fit": (float, (*DATA, OPTIMIZER, parameter("batch_size", None, 2), WEIGHT)),
    "learn": (float, (parameter("x", X[0], [1.0, 2, 3], required=True), parameter("y", 0, 1, 0.5, [1.0], required=True),
                      OPTIMIZER)),
    "predict": (np.ndarray, DATA[:1]),
    "predict_proba": (np.ndarray, DATA[:1]),
    "forward": (np.ndarray, (DATA[0], DROPOUT)),
    "evaluate": (dict, (*DATA, WEIGHT, METRICS)),
    "gradients": (fm.Gradients, (*DATA, WEIGHT)),
    "loss": (float, (*DATA, WEIGHT)),
    "backward": (fm.Gradients, (*OWN, DROPOUT)),
    "step": (np.ndarray, (*OWN, OPTIMIZER, DROPOUT)),
    "apply_gradients": (type(None), (parameter("gradients", required=True), OPTIMIZER)),
    "jacobian": (np.ndarray, DATA[:1]),
    "vjp": (np.ndarray, (DATA[0], parameter("V", *DERIVATIVES[:-1], required=True))),
    "input_gradient": (np.ndarray, (DATA[0], parameter("output", 0, 1))),
    "per_sample_gradients": (np.ndarray, DATA),
    "pre_activations": (list, DATA[:1]),
    "copy": (fm.Network, ()),
    "soft_update": (type(None), (parameter("other", required=True), parameter("tau", 0.0, 0.5, 1.0, required=True))),
    "check_gradients": (fm.GradientReport, (*DATA, WEIGHT)),
    "set_parameters": (type(None), (parameter("parameters", required=True),)),
    "save": (type(None), (parameter("path", "saved.safetensors", required=True),)),
    "reset": (type(None), ()),
    "summary": (str, ()),
}  # fmt: skip
NETWORK = (
    parameter("n_inputs", 3, required=True),
    parameter("layers", required=True),
    parameter("loss", None, *losses.LOSSES, losses.Huber(0.5), "(o - t)**2", "log(cosh(o - t))"),
    parameter("dtype", "float32", "float64", np.float32),
    parameter("seed", None, 0, 5),
    parameter("l1", 0.0, 0.1),
    parameter("l2", 0.0, 0.1),
    parameter("scale_targets", False, True),
)
ATTRIBUTES = ("classes", "metadata", "scaling", "seed", "dropout")


def state_of(net: fm.Network) -> tuple[Any, ...]:
    """Return what a refused call must not change."""
    known = (repr(net), repr(net.scaling), repr(net.target_scaling), id(net.classes), id(net.metadata), net.dropout)
    return (*known, net.get_parameters().tobytes())


class Caller:
    """The random calls, one network after the other, and what came of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.network = self.new_network()
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def one_of(self, values: Any) -> Any:
        return values[int(self.random.integers(len(values)))]

    def odd(self) -> Any:
        return self.one_of(ODD)

    def arguments(self, parameters: tuple[Parameter, ...], p_odd: float) -> dict[str, Any]:
        """Return right values of some of the parameters, and now and then something odd."""
        found = {}
        for name, right, required in parameters:
            if required or self.random.random() < 0.3:
                is_odd = not right or self.random.random() < p_odd
                found[name] = self.odd() if is_odd else self.one_of(right)
                # an error of a user's function is the user's, and so is a wait for 2**63 epochs
                while is_odd and (
                    (name in ("f", "gradient", "d_outputs") and callable(found[name]))
                    or (name == "epochs" and isinstance(found[name], int | np.integer) and found[name] > 100)
                ):
                    found[name] = self.odd()
        return found

    def layers(self) -> list[Any]:
        """Return right layers, in most cases."""
        last = self.one_of([fm.Dense(2, "softmax"), fm.Dense(1, "sigmoid"), fm.Dense(1), fm.Dense(2)])
        hidden = [
            fm.Dense(3, "tanh"),
            fm.Dense(2, "x*x"),
            fm.Maxout(2),
            fm.Dropout(0.5),
            fm.LayerNorm(),
            fm.Dense(1, "step"),
        ]
        scalings = [fm.Standardize(), fm.Rescale(), fm.RobustScale(), fm.Standardize([0.0] * 3, [1.0] * 3)]
        layers: list[Any] = [self.one_of(hidden) for _ in range(self.random.integers(3))]
        if self.random.random() < 0.4:
            layers.insert(0, self.one_of(scalings))
        if self.random.random() < 0.05:
            layers.insert(int(self.random.integers(len(layers) + 1)), self.odd())
        return [*layers, last]

    def new_network(self) -> fm.Network:
        """Return a network of right arguments."""
        while True:
            try:
                return fm.Network(3, self.layers(), dtype=self.one_of(["float32", "float64"]), seed=1)
            except (ValueError, TypeError):
                continue

    def call(self) -> None:
        """Make one call, and look at what came of it."""
        kind = self.random.random()
        p_odd = self.one_of([0.0, 0.1, 0.4])
        if kind < 0.2:
            maker = self.one_of(list(MAKERS))
            self.look(f"{maker.__module__}.{maker.__name__}", maker, self.arguments(MAKERS[maker], p_odd), maker)
        elif kind < 0.35:
            arguments = self.arguments(NETWORK, p_odd)
            if self.random.random() > p_odd:
                arguments["layers"] = self.layers()
            made = self.look("Network", fm.Network, arguments, fm.Network)
            # not one of which the odd took much memory
            if made is not None and made.n_parameters < 1000 and made.n_inputs == 3:
                self.network = made
        elif kind < 0.5:
            function = self.one_of(list(FUNCTIONS))
            result, parameters = FUNCTIONS[function]
            self.look(function.__name__, function, self.arguments(parameters, p_odd), result)
        elif kind < 0.53:
            name, value = self.one_of(ATTRIBUTES), self.odd()
            self.look(
                f"Network.{name} =", lambda value: setattr(self.network, name, value), {"value": value}, type(None)
            )
        else:
            name = self.one_of(list(METHODS))
            result, parameters = METHODS[name]
            method = getattr(self.network, name.split()[0])
            self.look(f"Network.{name}", method, self.arguments(parameters, p_odd), result)
            if self.random.random() < 0.05:
                self.network = self.new_network()

    def look(self, name: str, function: Callable[..., Any], arguments: dict[str, Any], result: Any) -> Any:
        """Call the function; count what came of it, and what was wrong with that."""
        before = state_of(self.network)
        fault, came, made = "", "", None
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                made = function(**arguments)
            came, fault = "right", fault_of_warnings(caught)
            if not fault and not isinstance(made, result):
                fault = f"gave {type(made).__name__}"
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            came = "refused"
            fault = fault_of_error(error)
            if " =" in name and isinstance(error, AttributeError):
                fault = ""
            # where a training diverges, or a callback's own fails, steps were made before
            refused = isinstance(error, ValueError | TypeError) and "callbacks" not in arguments
            if not fault and refused and state_of(self.network) != before:
                fault = f"refused, but the network is another: {error}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.counts[came] += 1
        if fault:
            self.faults[f"{name}: {fault}"] += 1
            if self.faults[f"{name}: {fault}"] == 1:
                print(
                    f"{name}({', '.join(f'{key}={self.shown(value)}' for key, value in arguments.items())}): {fault}",
                    flush=True,
                )
            self.network = self.new_network()
        return made

    @staticmethod
    def shown(value: Any) -> str:
        try:
            return repr(value).replace("\n", " ")[:80]
        except Exception:
            return object.__repr__(value)


def run(count: int, seed: int) -> int:
    """Make so many calls; return how many faults there were, which are printed."""
    signal.signal(signal.SIGALRM, ring)
    caller = Caller(seed)
    with tempfile.TemporaryDirectory() as folder:
        METHODS["save"][1][0].right[:] = [f"{folder}/saved.safetensors"]
        FUNCTIONS[fm.load][1][0].right[:] = [f"{folder}/saved.safetensors"]
        # odd names of files are written, too
        os.chdir(folder)
        caller.network.save(f"{folder}/saved.safetensors")
        for _ in range(count):
            caller.call()
        os.chdir("/")
    print(f"{caller.counts['right']} right, {caller.counts['refused']} refused")
    print(f"{count} calls, seed {seed}: {sum(caller.faults.values())} faults")
    return sum(caller.faults.values())


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(run(options.count, options.seed) > 0)


if __name__ == "__main__":
    main()
