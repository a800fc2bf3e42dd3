"""A user's script with every public name of fastmlp in it, which test_types.py gives to type checkers, and runs.

Where a name is called, the type of what comes is written down, so that one that became Any, or another type, is seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes

import fastmlp as fm
from fastmlp import reference
from fastmlp.gradient_check import Probe, Sampling
from fastmlp.layers import Layer
from fastmlp.sklearn import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, from_sklearn, load

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type

Array = npt.NDArray[Any]
matplotlib.use("Agg")


def data() -> tuple[Array, Array]:
    """Return points and labels."""
    points = [fm.datasets.blobs(60), fm.datasets.moons(60), fm.datasets.two_spirals(60), fm.datasets.xor()]
    X, y = points[1]
    assert_type(X, npt.NDArray[np.float64])
    loaders: list[Callable[..., object]] = [fm.datasets.load_digits, fm.datasets.load_handwriting]
    if os.environ.get("MNIST"):
        X_train, _, _, _ = fm.datasets.load_mnist(os.environ["MNIST"])
        assert_type(X_train, npt.NDArray[np.uint8])
        sets: fm.datasets.Handwriting = fm.datasets.load_handwriting()
        print(sets.name, loaders)
    return X, y


def layers() -> list[Layer]:
    """Return layers of all kinds, with activations and initializers of all kinds between them."""
    kinds: list[fm.activations.Activation] = [
        fm.activations.Identity(),
        fm.activations.Sigmoid(),
        fm.activations.Tanh(),
        fm.activations.HardTanh(),
        fm.activations.Softsign(),
        fm.activations.ReLU(),
        fm.activations.LeakyReLU(slope=0.1),
        fm.activations.ELU(alpha=0.5),
        fm.activations.SELU(),
        fm.activations.Softplus(),
        fm.activations.GELU(),
        fm.activations.GELUTanh(),
        fm.activations.SiLU(),
        fm.activations.Mish(),
        fm.activations.Formula("x / (1 + abs(x))"),
    ]
    steps: list[fm.activations.Threshold] = [fm.activations.Step(), fm.activations.Sign()]
    assert_type(steps[0](np.ones(3)), Array)
    assert_type(kinds[1].derivative(np.ones(3)), Array)
    initializers: list[fm.initializers.Initializer] = [
        fm.initializers.HeUniform(),
        fm.initializers.HeNormal(),
        fm.initializers.GlorotUniform(),
        fm.initializers.GlorotNormal(),
        fm.initializers.LecunUniform(),
        fm.initializers.LecunNormal(),
        fm.initializers.Zeros(),
        fm.initializers.Constant(0.1),
        fm.initializers.Uniform(0.1),
        fm.initializers.Normal(0.1),
    ]
    hidden = [fm.Dense(4, kind, initializer=initializers[i % 5]) for i, kind in enumerate(kinds)]
    return [
        fm.Standardize(),
        fm.Periodic(4, units=2),
        *hidden,
        fm.Dense(4, "relu", l2=1e-4, weight_rate_factor=0.5),
        fm.LayerNorm(),
        fm.Dropout(0.1),
        fm.Maxout(4, pieces=2),
        fm.Dense(2, fm.activations.Softmax()),
    ]


def optimizers() -> list[fm.optimizers.Optimizer]:
    """Return optimizers and schedules of all kinds."""
    schedules: list[fm.schedules.Schedule] = [
        fm.schedules.Constant(0.1),
        fm.schedules.Step(0.1, every_epochs=2),
        fm.schedules.Exponential(0.1),
        fm.schedules.InverseScaling(0.1),
        fm.schedules.Cosine(0.1),
        fm.schedules.OneCycle(0.1),
        fm.schedules.Coslog4(0.1),
        fm.schedules.Warmup(fm.schedules.Cosine(0.1), fraction=0.1),
    ]
    on_plateau: fm.schedules.EpochSchedule = fm.schedules.ReduceOnPlateau(0.1)
    in_steps: list[fm.optimizers.StepOptimizer] = [
        *(fm.SGD(schedule, momentum=0.9) for schedule in schedules),
        fm.Adam(on_plateau),
        fm.AdamW(weight_decay=0.01),
        fm.RMSProp(clip_norm=1.0),
        fm.Adagrad(0.01),
        fm.Rprop(),
    ]
    same: list[type[fm.optimizers.Optimizer]] = [
        fm.optimizers.SGD,
        fm.optimizers.Adam,
        fm.optimizers.AdamW,
        fm.optimizers.RMSProp,
        fm.optimizers.Adagrad,
        fm.optimizers.Rprop,
        fm.optimizers.LBFGS,
    ]
    assert len(same) == len({kind.name for kind in same})
    return [*in_steps, fm.LBFGS(max_iterations=3)]


def losses() -> list[fm.losses.Loss]:
    """Return losses of all kinds."""
    squared = fm.losses.MeanSquaredError()
    assert_type(squared([[1.0]], [[0.0]]), float)
    assert_type(squared.derivative([[1.0]], [[0.0]]), Array)
    return [
        squared,
        fm.losses.CrossEntropy(label_smoothing=0.1, class_weight="balanced"),
        fm.losses.HalfSquaredError(),
        fm.losses.MeanAbsoluteError(),
        fm.losses.Huber(delta=0.5),
        fm.losses.Poisson(),
        fm.losses.Quantile(q=0.9),
        fm.losses.Hinge(),
        fm.losses.Perceptron(),
        fm.losses.Formula("log(cosh(o - t))"),
    ]


def metrics(y: Array, outputs: Array) -> list[fm.metrics.Metric]:
    """Return metrics of all kinds."""
    built_in: list[Callable[[npt.ArrayLike, npt.ArrayLike], float]] = [
        fm.metrics.accuracy,
        fm.metrics.top_k,
        fm.metrics.auc,
        fm.metrics.log_loss,
        fm.metrics.r2,
        fm.metrics.mae,
        fm.metrics.rmse,
    ]
    assert_type(built_in[0](y, outputs), float)

    def share_of_ones(y_true: Array, outputs: Array) -> float:
        return float((outputs.argmax(axis=1) == 1).mean())

    return ["log_loss", fm.metrics.TopK(1), share_of_ones]


class Printer:
    """A callback of one's own."""

    def begin(self, network: fm.Network, columns: list[str]) -> None:
        """Print what the epochs will have."""
        print(network.n_parameters, columns)

    def __call__(self, network: fm.Network, epoch: dict[str, float]) -> bool:
        """Print an epoch, and go on."""
        print(epoch["loss"])
        return False


def train(folder: str) -> fm.Network:
    """Train a network, and use whatever it can."""
    X, y = data()
    net = fm.Network(2, layers(), seed=0, dtype="float64")
    stopping = fm.EarlyStopping(patience=2, monitor="validation_loss", mode="min")
    watching: list[fm.callbacks.Callback] = [
        stopping,
        fm.LogEvaluation(period=2),
        fm.ModelCheckpoint(os.path.join(folder, "best.safetensors")),
        fm.LambdaCallback(epoch=lambda network, epoch: epoch["loss"] < 0.0),
        Printer(),
    ]
    same: list[type] = [
        fm.callbacks.EarlyStopping,
        fm.callbacks.LogEvaluation,
        fm.callbacks.ModelCheckpoint,
        fm.callbacks.LambdaCallback,
    ]
    history = net.fit(
        X, y, epochs=3, batch_size=16, optimizer=optimizers()[0], validation_fraction=0.25, callbacks=watching,
        metrics=metrics(y, net.forward(X)), progress="lines",
    )  # fmt: skip
    assert_type(history, fm.History)
    checkpoint = fm.Checkpoint(os.path.join(folder, "run.ckpt"), epochs=1)
    assert_type(fm.callbacks.Checkpoint("run.ckpt", seconds=10), fm.Checkpoint)
    assert_type(net.fit(X, y, epochs=1, checkpoint=checkpoint), fm.History)
    proved = fm.Network(2, layers(), seed=0, dtype="float64")
    proved.fit(X, y, epochs=2, record=1)
    assert_type(proved.record, fm.Record | None)
    assert_type(fm.verify(proved, X, y, segments=1), fm.Verification)
    assert_type(history["loss"], list[float])
    assert_type(history.epochs, list[dict[str, float]])
    assert_type(history.plot(), Axes)
    assert_type(stopping.best, float)
    assert_type(net.evaluate(X, y), dict[str, float])
    assert_type(net.loss(X, y), float)
    assert_type(net.partial_fit(X, y), float)
    assert_type(fm.fit_many([net], X, y, rows=[slice(9)], settings={"epochs": 1}), fm.Histories)
    assert_type(net.learn(X[0], 1), float)
    assert_type(net.summary(), str)
    assert_type(net.layers[0].weights, Array)
    for found in (net.predict(X), net.predict_proba(X), net.forward(X), *net.activations(X), net.get_parameters()):
        assert_type(found, Array)
    path = os.path.join(folder, "net.safetensors")
    fm.save(net, path)
    plain = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(2, "softmax")], seed=0)
    arrays = [layer.weights for layer in plain.layers], [layer.bias for layer in plain.layers]
    assert_type(fm.from_arrays(*arrays, ["tanh", "softmax"], loss=None, dtype="float32", seed=0), fm.Network)
    modules: Callable[[Any], fm.Network] = fm.from_torch
    print(modules, plain.to_torch)
    plain.to_c(os.path.join(folder, "net.h"), name="net", feature_names=["x0", "x1"], gradient=True)
    plain.to_onnx(os.path.join(folder, "net.onnx"), feature_names=["x0", "x1"])
    assert_type(fm.from_onnx(os.path.join(folder, "net.onnx")), fm.Network)
    try:
        assert_type(fm.load(path), fm.Network)
    except fm.ModelFileError as error:
        print(error, same)
    return net


def derivatives(net: fm.Network) -> fm.GradientReport:
    """Compute gradients, and check them."""
    points, labels = data()
    X, y = points[:3], labels[:3]
    gradients: fm.Gradients = net.gradients(X, y)
    assert_type(gradients.weights, list[Array])
    assert_type(net.jacobian(X), Array)
    report = fm.check_gradients(lambda x: float(x @ x), lambda x: 2 * x, np.ones(3))
    assert_type(report, fm.GradientReport)
    probes: tuple[Probe, ...] = report.worst
    samplings: tuple[Sampling, ...] = report.samplings
    print(probes, samplings, fm.check_jacobian(lambda x: 2 * x, 2 * np.eye(2), [1.0, 2.0]).passed)
    print(fm.check_hessian_product(lambda x: x**2, lambda x, v: 2 * x * v, [1.0], [1.0]).max_relative_error)
    fm.testing.assert_gradients(lambda x: float(x @ x), lambda x: 2 * x, np.ones(3))
    makers: list[Callable[..., fm.testing.Checkable]] = [fm.testing.from_torch, fm.testing.from_jax]
    small = fm.Network(2, [fm.Rescale(minimum=0.0, maximum=1.0), fm.Dense(1)], dtype="float64", seed=0)
    robust: Layer = fm.RobustScale(limit=None)
    binned = fm.Network(2, [fm.PiecewiseLinear(3, edges=((0.0, 1.0),), columns=1), fm.Dense(1)], seed=0)
    assert isinstance(binned.embedding, fm.PiecewiseLinear)
    found = small.gradients(X, y)
    diagnosis: fm.Diagnosis = fm.diagnose_gradients(small, X, y, weights=found.weights, biases=found.biases)
    assert_type(diagnosis.is_right, bool)
    explanation: fm.Explanation = fm.explain(fm.Network(2, [fm.Dense(1)], seed=0), X[0])
    assert_type(explanation.to_latex(), str)
    print(makers, robust, diagnosis)
    return report


def by_hand() -> reference.Gate:
    """Compute with gates."""
    x = reference.Gate(0.5, name="x")
    unary: list[Callable[[reference.Gate], reference.Gate]] = [
        reference.absolute, reference.cos, reference.erf, reference.exp, reference.log, reference.log1p,
        reference.negate, reference.sigmoid, reference.sin, reference.sqrt, reference.step, reference.tanh,
    ]  # fmt: skip
    binary: list[Callable[[reference.Gate, float], reference.Gate]] = [
        reference.add, reference.divide, reference.maximum, reference.minimum, reference.multiply, reference.power,
        reference.subtract,
    ]  # fmt: skip
    total = reference.add(*(gate(x) for gate in unary), *(gate(x, 2.0) for gate in binary), *reference.softmax([x, x]))
    total.backward()
    assert_type(x.gradient, float)
    net = reference.Network(2, [fm.Dense(2, "tanh"), fm.Dense(1)])
    net.initialize(0)
    gradients: reference.Gradients = net.gradients([[0.0, 1.0]], [1.0])
    circuit: reference.Circuit = net.circuit([[0.0, 1.0]], [1.0])
    training = reference.Training(fm.SGD(0.1))
    assert_type(training.steps, int)
    print(gradients.loss, circuit.loss, len(reference.ACTIVATIONS), len(reference.LOSSES), len(reference.OPTIMIZERS))
    return total


def pictures(net: fm.Network, gate: reference.Gate) -> list[Axes]:
    """Draw pictures of all kinds."""
    X, y = data()
    plain = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(2, "softmax")], seed=0)
    line = fm.Network(1, [fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
    film = fm.plots.animate_training(plain, X, y, epochs=2)
    assert_type(film, FuncAnimation)
    assert_type(film.to_jshtml(), str)
    return [
        fm.plots.activation_curves(["relu", "tanh"]),
        fm.plots.computational_graph(gate),
        fm.plots.confusion_matrix(y, net.predict(X)),
        fm.plots.curve(line, X[:, :1], X[:, 1]),
        fm.plots.decision_regions(net, X, y, resolution=20),
        fm.plots.hidden_space(plain, X, y),
        fm.plots.learning_curves({"epoch": [1, 2], "loss": [0.5, 0.25]}),
        fm.plots.network_diagram(plain),
        fm.plots.surface(fm.Network(2, [fm.Dense(1)], seed=0), span=(-1.0, 1.0)),
        fm.plots.weight_images(plain.layers[0].weights, shape=(1, 2)),
    ]


def estimators() -> None:
    """Fit estimators of all kinds."""
    X, y = data()
    classifier: Any = MLPClassifier((4,), max_iter=9, tol=1.0, n_iter_no_change=1, random_state=0).fit(X, y)
    regressor: Any = MLPRegressor(hidden_layer_sizes=(4,), max_iter=9, tol=1e9, n_iter_no_change=1).fit(X, X[:, 0])
    best = TabularRegressor(4, max_iter=1, preset="best", plan=1)
    tables = (TabularClassifier(4, n_estimators=1, max_iter=1), TabularRegressor(4, n_estimators=1, bins=3), best)
    converter: Callable[[Any], MLPClassifier | MLPRegressor] = from_sklearn
    print(classifier, regressor, tables, converter, classifier.to_sklearn(), regressor.to_sklearn())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.safetensors")
        tables[0].fit(X, y).save(path)
        assert_type(tables[0].importances(X), npt.NDArray[Any])
        tables[0].to_c(os.path.join(folder, "table.h"), name="table")
        tables[0].to_onnx(os.path.join(folder, "table.onnx"))
        assert_type(load(path), TabularClassifier | TabularRegressor)


def machine() -> None:
    """Ask what the core runs on."""
    assert_type(fm.__version__, str)
    assert_type(fm.available_targets(), list[str])
    assert_type(fm.active_target(), str)
    fm.set_num_threads(None)
    with fm.num_threads(1):
        assert_type(fm.get_num_threads(), int)
    fm.show_config()


def main() -> None:
    """Use all of it."""
    with tempfile.TemporaryDirectory() as folder:
        net = train(folder)
    print(derivatives(net), losses())
    print(len(pictures(net, by_hand())))
    estimators()
    machine()


if __name__ == "__main__":
    main()
