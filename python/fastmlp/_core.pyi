"""Typed contract of the compiled core: everything Python may ask of C++.

Arrays that enter are C-contiguous, aligned, native-endian and already validated (``fastmlp/_checks``): data ``X`` of
shape (rows, n_inputs) and dtype uint8, float32 or float64; ``targets`` either int32 class labels (rows,) or float32 or
float64 rows (rows, n_outputs); ``sample_weight`` float64 (rows,) or None; ``threads`` is the caller's limit, or 0.
All arithmetic runs with the GIL released. RuntimeError: the network is in use by another thread. MemoryError names
the bytes that could not be had.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Targets: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.float32] | npt.NDArray[np.float64]
# values that are not zero, the column of each, the first value of each row and the end of the last one
SparseParts: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[np.int32], npt.NDArray[np.int64]]
SampleWeight: TypeAlias = npt.NDArray[np.float64] | None
# (units, activation name, activation parameter, l1, l2)
LayerSpec: TypeAlias = tuple[int, str, Any, float, float]
# ("uniform", bound), ("normal", standard deviation) or ("constant", value)
Draw: TypeAlias = tuple[str, float]
# (name, up to three numbers, steps of warm-up); names and numbers: Schedule in cpp/core/schedule.hpp
Schedule: TypeAlias = tuple[str, Sequence[float], int]

class Network32:
    """Parameters of a dense network in float32, and its arithmetic; ``Network64`` is the same in float64.

    ``loss`` is one of "softmax_cross_entropy", "sigmoid_cross_entropy" (``loss_parameter``: label smoothing), "mse",
    "half_squared_error", "mae", "huber" (delta), "poisson", "quantile" (q), "hinge", "perceptron". Activation names:
    "identity", "sigmoid", "tanh", "relu", "leaky_relu" (parameter: slope), "softmax" (last layer only), "step", "sign",
    "elu" (parameter: alpha), "selu", "softplus", "gelu", "gelu_tanh", "silu", "mish", "hard_tanh", "softsign",
    "formula" (parameter: ``fastmlp._formula.Program.for_core``). The weights are zero until
    ``initialize`` or until they are written.
    """

    def __init__(
        self,
        n_inputs: int,
        layers: Sequence[LayerSpec],
        loss: str,
        loss_parameter: float = 0.0,
        pieces: Sequence[int] = ...,
    ) -> None:
        """With ``pieces``, the weights of layer l have units * pieces[l] columns, piece after piece (maxout)."""

    def initialize(self, seed: int, draws: Sequence[Draw | None] = ()) -> None:
        """Draw the weights of each layer, zero the biases, forget the optimizer state.

        None, or no draws at all: as usual for the activation, see ``fastmlp.initializers``.
        """

    def weights(self, layer: int) -> Array:
        """View (n_in, n_out) on the weights: writing changes the network."""

    def bias(self, layer: int) -> Array:
        """View (n_out,) on the bias: writing changes the network."""

    def set_normalization(self, normalizes: Sequence[bool]) -> None:
        """Set for each layer whether its inputs are normalized over the units; the first layer's are not."""

    def set_dropout(self, rates: Sequence[float]) -> None:
        """Set the rate at which the inputs of each layer are dropped by trainers, in [0, 1)."""

    def set_rate_factors(self, factors: Sequence[tuple[float, float]]) -> None:
        """Set for each layer the factors on the learning rate of its weights and of its bias, before a trainer is made.

        At least 0; what has factor 0 keeps its bits and has no part in the norm of the gradients.
        """

    def set_input_scaling(
        self, shift: npt.NDArray[np.float64] | None, scale: npt.NDArray[np.float64] | None, limit: float = 0.0
    ) -> None:
        """Take inputs as z = (x - shift) * scale from now on, by column; None for both: as they are.

        With a limit, which is from 1e-30 to 1e30, as z / sqrt(1 + (z / limit)^2).
        """

    def plain_outputs(self, X: object, threads: int) -> Array | None:
        """Return outputs of an ordinary array, None where X needs the checks in Python."""

    def plain_classes(self, X: object, threads: int) -> Array | None:
        """Return the index of each row's largest output, None where X or the outputs need the checks."""

    def forward(self, X: Array, threads: int) -> Array:
        """Return the outputs of the last layer after its activation, (rows, n_outputs)."""

    def activations(self, X: Array, threads: int) -> list[Array]:
        """Return the outputs of every layer, [(rows, units), ...]."""

    def loss(self, X: Array, targets: Targets, sample_weight: SampleWeight, threads: int) -> float:
        """Weighted mean loss over the rows plus the l1 and l2 penalties."""

    def gradients(
        self, X: Array, targets: Targets, sample_weight: SampleWeight, threads: int
    ) -> tuple[float, list[Array], list[Array], Array]:
        """(loss, [dW (n_in, n_out)], [db (n_out,)], dX (rows, n_inputs)) of the value that ``loss`` returns."""

    def begin_training(self) -> None:
        """Make the network the calling thread's alone, as inside a trainer; ``end_training`` must follow."""

    def end_training(self) -> None: ...
    def optimizer_state(self) -> tuple[str, int, list[Array]] | None:
        """(optimizer name, steps made, flat copies of its slots), or None before the first step."""

    def set_optimizer_state(self, state: tuple[str, int, list[Array]] | None) -> None: ...

class Network64(Network32): ...

class EpochRecord:
    """One finished epoch: ``loss`` (mean over its samples, penalties included) and ``seconds``."""

    @property
    def loss(self) -> float: ...
    @property
    def seconds(self) -> float: ...

class RunReport:
    """What one call of ``Trainer.run`` did."""

    @property
    def steps(self) -> int:
        """Steps made; fewer than asked only when the loss or a weight stopped being finite."""

    @property
    def diverged(self) -> bool:
        """A loss or weight became NaN or infinite; the network holds the state of the last good epoch."""

    @property
    def last_loss(self) -> float:
        """Loss of the last step made, the offending value when ``diverged``."""

    @property
    def epochs(self) -> list[EpochRecord]:
        """Epochs finished during the call."""

class Trainer32:
    """One ``fit``: data, batching, shuffling and optimizer bound to a network; ``Trainer64`` is the same in float64.

    A context manager: inside it the network is the calling thread's alone (that thread may still evaluate it between
    runs). ``optimizer`` is "sgd" ({"momentum", "nesterov"}), "adam" ({"beta1", "beta2", "epsilon"}), "adamw" (as adam,
    {"weight_decay"}), "rmsprop" ({"alpha", "epsilon", "momentum"}), "adagrad" ({"epsilon"}) or "rprop" ({"eta_minus",
    "eta_plus", "min_step", "max_step"}), each with {"learning_rate"}; {"clip_value", "clip_norm"} may be given, 0 is
    none; all values are floats. With a ``schedule`` the rate of a step depends on the learning rate, on the number of
    the step since the trainer was made and on ``total_steps``. State left by an optimizer of the same name is taken up
    again, else it starts from zero. Sparse ``X`` is of a network without a scaling of its inputs. Epoch e (counted
    from ``first_epoch``) is shuffled by a permutation that depends on ``seed`` and e only. The last short batch of
    an epoch is a step too.
    """

    def __init__(
        self,
        network: Network32,
        X: Array | SparseParts,
        targets: Targets,
        sample_weight: SampleWeight,
        batch_size: int,
        shuffle: bool,
        seed: int,
        first_epoch: int,
        optimizer: str,
        hyperparameters: Mapping[str, float],
        schedule: Schedule | None = None,
        total_steps: int = 0,
    ) -> None: ...
    def __enter__(self) -> Trainer32: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    @property
    def steps_per_epoch(self) -> int: ...
    def set_learning_rate(self, rate: float) -> None:
        """Take another learning rate from the next step on; between runs only."""

    def run(self, n_steps: int, threads: int) -> RunReport:
        """Make up to ``n_steps`` training steps, across epochs, without touching Python."""

class Trainer64(Trainer32): ...

def learning_rate(schedule: Schedule, base: float, step: int, total: int) -> float:
    """Return the rate of ``step`` (from 0) of ``total`` steps, as training uses it."""

def first_nonfinite(X: Array) -> int:
    """Flat index of the first NaN or infinity in a contiguous uint8, float32 or float64 array, or -1."""

def exp(X: Array) -> Array:
    """Return exp of a contiguous float32 or float64 array, the same bits on every machine."""

def available_targets() -> list[str]:
    """Names of the instruction-set targets that this build has and this CPU runs, slowest first."""

def active_target() -> str: ...
def max_threads() -> int:
    """Return what OpenMP would give the calling thread now (1 inside a parallel region or after a fork)."""

def build_info() -> dict[str, str]:
    """Version, compiler, build type, OpenMP version and targets of this build."""
