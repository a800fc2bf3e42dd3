"""Typed contract of the compiled core: everything Python may ask of C++.

Arrays that enter are C-contiguous, aligned, native-endian and already validated (``fastmlp/_checks``): data ``X`` of
shape (rows, n_inputs) and dtype uint8, float32 or float64; ``targets`` either int32 class labels (rows,) or float32 or
float64 rows (rows, n_outputs); ``sample_weight`` float64 (rows,) or None; ``threads`` is the caller's limit, or 0.
All arithmetic runs with the GIL released. RuntimeError: the network is in use by another thread. MemoryError names
the bytes that could not be had.

What takes two arguments or more takes them by name. The names of activations, losses, optimizers, schedules and
distributions are those of ``cpp/bindings/names.hpp``, an optimizer's settings those of ``cpp/core/optimizer.hpp``.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Targets: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.float32] | npt.NDArray[np.float64]
# values that are not zero, the column of each, the first value of each row and the end of the last one
SparseParts: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[np.int32], npt.NDArray[np.int64]]
# an array, and which of its rows; evaluations take no sparse ones
IndexedParts: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[np.int64]]
Inputs: TypeAlias = Array | SparseParts | IndexedParts
SampleWeight: TypeAlias = npt.NDArray[np.float64] | None
# loss, of the weights and biases of each layer, of the inputs; where they were wanted, of the pre-activations, and what
# the loss starts from; where there is one, of an embedding that learns
SomeGradients: TypeAlias = tuple[Any, ...]
# (distribution, its one number): the bound, the standard deviation or the value
Draw: TypeAlias = tuple[str, float]
# (name, up to three numbers, steps of warm-up); names and numbers: Schedule in cpp/core/schedule.hpp
Schedule: TypeAlias = tuple[str, Sequence[float], int]
# steps of the optimizer and of the training, samples taken of the epoch; the sum of its losses, of its weights, seconds
TrainingPlace: TypeAlias = tuple[int, int, int, float, float, float]
# place; the optimizer's slots; parameters and slots when the epoch began, none between epochs; as ``write`` orders them
TrainingState: TypeAlias = tuple[TrainingPlace, list[Array], list[Array]]

class Hold:
    """What a with statement holds from before it begins: given back at its end, or with the last reference to it."""

    def __enter__(self) -> None: ...
    def __exit__(self, *failure: object) -> None: ...

class FitGuard:
    """The state "in fit" of a network, for what does not pass through the core."""

    def __init__(self) -> None: ...
    def hold(self) -> Hold:
        """Begin it; RuntimeError if it is held, by whichever thread."""

    def check_idle(self) -> None:
        """Refuse what not even a callback may do while it is held."""

    def check_access(self) -> None:
        """Refuse what only a callback may do while it is held."""

class LayerSpec:
    """All that a layer is told."""

    def __init__(
        self,
        *,
        units: int,
        activation: str = "identity",
        parameter: Any = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        pieces: int = 1,
        normalizes: bool = False,
        dropout: float = 0.0,
        weight_rate_factor: float = 1.0,
        bias_rate_factor: float = 1.0,
        draw: Draw | None = None,
    ) -> None:
        """ValueError where a value makes no sense.

        ``parameter`` is the one number of the activation, or of a formula what
        ``fastmlp._formula.Program.for_core`` returns. With ``pieces`` the weights have units * pieces columns, piece
        after piece, and the largest of a unit's pieces leaves the layer (maxout). ``normalizes``: its inputs, over the
        units; not in the first layer. ``dropout`` is the rate at which trainers drop its inputs, in [0, 1). The factors
        are on the learning rate of its weights and of its bias, at least 0; what has factor 0 keeps its bits and has no
        part in the norm of the gradients. ``draw`` is how its initial weights are drawn, None: as usual for its
        activation, see ``fastmlp.initializers``.
        """

class Network32:
    """Parameters of a dense network in float32, and its arithmetic; ``Network64`` is the same in float64.

    ``loss_parameter`` is the one number of the loss, 0 where it has none; ``loss_formula`` what
    ``fastmlp._formula.Program.for_core`` returns of a formula in output and target. ``embedding`` is its name in
    ``cpp/bindings/names.hpp``, what each input becomes, where it learns its frequencies and the standard deviation of
    the initial ones, else 0, and how many inputs are embedded, 0 for all; None: none. The parameters are zero until
    ``initialize`` or until they are written.
    """

    def __init__(
        self,
        *,
        n_inputs: int,
        layers: Sequence[LayerSpec],
        loss: str,
        loss_parameter: float = 0.0,
        loss_formula: Any = None,
        embedding: tuple[str, int, int, float, int] | None = None,
    ) -> None: ...
    def initialize(self, *, seed: int) -> None:
        """Draw the weights of each layer as it was told, zero the biases, forget the optimizer state."""

    def weights(self, layer: int) -> Array:
        """View (n_in, n_out) on the weights: writing changes the network."""

    def bias(self, layer: int) -> Array:
        """View (n_out,) on the bias: writing changes the network."""

    def embedding(self) -> Any:
        """View (n_inputs, parameters of an input) on an embedding's: writing changes it; None where it has none."""

    def set_bins(self, *, lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> None:
        """Take the edges of each bin, (embedded inputs, bins), ascending; at the end of a row equal ones: not there."""

    def set_input_scaling(
        self, *, shift: npt.NDArray[np.float64] | None, scale: npt.NDArray[np.float64] | None, limit: float = 0.0
    ) -> None:
        """Take inputs as z = (x - shift) * scale from now on, by column; None for both: as they are.

        With a limit, which is from 1e-30 to 1e30, as z / sqrt(1 + (z / limit)^2).
        """

    def set_loss_parameter(self, *, parameter: float) -> None:
        """Take this number as the loss's from now on."""

    def plain_outputs(self, X: object, threads: int) -> Array | None:
        """Return outputs of an ordinary array, None where X needs the checks in Python."""

    def plain_classes(self, X: object, threads: int) -> Array | None:
        """Return the index of each row's largest output, None where X or the outputs need the checks."""

    def forward(self, *, X: Inputs, dropout: int | None = None, threads: int) -> Array:
        """Return the outputs of the last layer after its activation, (rows, n_outputs).

        With dropout as a step draws it for row r as sample r of an epoch 0, from this seed; None: without.
        """

    def activations(self, *, X: Array, threads: int) -> list[Array]:
        """Return the outputs of every layer, [(rows, units), ...]."""

    def first_inputs(self, *, X: Array, threads: int) -> Array:
        """Return what the first layer takes of the inputs, (rows, n_in), after scaling and embedding."""

    def pre_activations(self, *, X: Array, threads: int) -> list[Array]:
        """Return what the activation of every layer is applied to, [(rows, n_out), ...]."""

    def jacobian(self, *, X: Array, vectors: Array | None, threads: int) -> Array:
        """Return d(outputs)/dX (rows, n_outputs, n_inputs), or vectors^T of each row's, (rows, n_inputs)."""

    def row_gradients(self, *, X: Array, targets: Targets, threads: int) -> Array:
        """Return the gradient of each row's own loss, without penalties, (rows, parameters)."""

    def loss(self, *, X: Inputs, targets: Targets, sample_weight: SampleWeight, threads: int) -> float:
        """Weighted mean loss over the rows plus the l1 and l2 penalties."""

    @overload
    def gradients(
        self,
        *,
        X: Array,
        targets: Targets,
        sample_weight: SampleWeight,
        with_deltas: Literal[False] = False,
        threads: int,
    ) -> SomeGradients:
        """(loss, [dW (n_in, n_out)], [db (n_out,)], dX (rows, n_inputs)) of the value that ``loss`` returns."""

    @overload
    def gradients(
        self,
        *,
        X: Array,
        targets: Targets,
        sample_weight: SampleWeight,
        with_deltas: Literal[True],
        threads: int,
    ) -> SomeGradients:
        """And [dz (rows, n_out)] of the layers, and what the loss starts from: logits or outputs (rows, n_outputs)."""

    def soft_update(self, *, other: Network32, tau: float) -> None:
        """Take tau of the parameters of a network of the same layers, and 1 - tau of these."""

    def write(self, *, parameters: Array) -> None:
        """Write all parameters from one vector, layer by layer, weights first: none of them or all."""

    def hold_training(self) -> Hold:
        """Make the network the calling thread's alone, as inside a trainer."""

    def hold_reading(self) -> Hold:
        """Let nobody change the network, the calling thread neither."""

    def optimizer_state(self) -> tuple[str, int, list[Array]] | None:
        """(optimizer name, steps made, flat copies of its slots), or None before the first step."""

    def set_optimizer_state(self, state: tuple[str, int, list[Array]] | None) -> None: ...

class Network64(Network32): ...

class Gradients32:
    """A pass forward that waits for derivatives at its end; inside its context the network cannot be trained."""

    def __init__(self, *, network: Network32, X: Array, dropout: int | None, threads: int) -> None: ...
    def __enter__(self) -> Gradients32: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def outputs(self) -> Array:
        """Go forward, (rows, n_outputs); dropout as in ``Network32.forward``."""

    def finish(self, *, given: Array, at: str) -> SomeGradients:
        """Go back from the derivatives of a loss by the "outputs" or by the last layer's "pre_activations".

        The loss in the result is 0, penalties have their part in the gradients.
        """

class Gradients64(Gradients32): ...

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
        """Steps made; fewer than asked where the loss or a weight stopped being finite, or where a crew paused."""

    @property
    def seconds(self) -> float:
        """What the call took."""

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
    runs). ``hyperparameters`` holds the settings that the optimizer must be told and those that it may be told, all of
    them floats. With a ``schedule`` the rate of a step depends on the learning rate, on the number of the step since
    the trainer was made and on ``total_steps``. State left by an optimizer of the same name is taken up again, else it
    starts from zero. Sparse ``X`` is of a network without a scaling of its inputs. Epoch e (counted from
    ``first_epoch``) is shuffled by a permutation that depends on ``seed`` and e only. The last short batch of an epoch
    is a step too. Without X and targets it makes steps from what comes later.
    """

    def __init__(
        self,
        *,
        network: Network32,
        X: Inputs | None,
        targets: Targets | None,
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

    def state(self) -> TrainingState:
        """Return all that the steps to come depend on, but for the parameters; between runs only."""

    def resume(self, *, place: TrainingPlace, slots: Sequence[Array], start: Sequence[Array]) -> None:
        """Go on where a trainer of the same settings and samples stood; before the first step only."""

    def forward(self, X: object, seed: int, epoch: int, threads: int) -> Array | None:
        """Begin a step of these rows, at most batch_size, and return their outputs; outside the context.

        None where X is no ordinary array with nothing wrong in it.

        Dropout draws as in the first batch of an epoch of this seed and number.
        """

    def run_from(self, given: object, at: str, threads: int) -> RunReport | None:
        """End that step, with derivatives as ``Gradients32.finish`` takes them; None as for ``forward``."""

    def apply(self, *, gradients: Array, threads: int) -> RunReport:
        """Make a step from gradients of all parameters as ``write`` orders them, with penalties in them."""

    def run_on(
        self, *, X: Inputs, targets: Targets, sample_weight: SampleWeight, epoch: int, threads: int
    ) -> RunReport:
        """Take other samples once, in steps of batch_size rows, as the epoch of this number; outside the context.

        They need not outlive the call. For trainers that do not shuffle, when no epoch is under way.
        """

    def run_on_plain(self, X: Any, y: Any, n_classes: int, epoch: int, threads: int) -> float | RunReport | None:
        """Do that with arrays as a user gave them, if they need no conversion and hold nothing wrong; else nothing.

        Return the loss of the epoch, or the report where it diverged.

        ``y`` holds labels 0 to n_classes - 1, or values (rows, outputs) where n_classes is 0.
        """

    def run(self, *, n_steps: int, threads: int) -> RunReport:
        """Make up to ``n_steps`` training steps, across epochs, without touching Python."""

class Trainer64(Trainer32): ...

class Crew:
    """Runs of several trainers at once, on so many threads, the calling one among them; ``with`` ends it.

    Its end pauses what is under way within some milliseconds.
    """

    def __init__(self, threads: int) -> None: ...
    def __enter__(self) -> Crew: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def give(self, *, key: int, trainer: Trainer32, guard: FitGuard, n_steps: int, threads: int) -> None:
        """Let the crew do ``trainer.run``, and nobody use its network until the report of this key is there."""

    def take(self, seconds: float) -> list[tuple[int, RunReport]]:
        """Work until a report is there, or wait so long where all is being worked on, and return what there is."""

def learning_rate(*, schedule: Schedule, base: float, step: int, total: int) -> float:
    """Return the rate of ``step`` (from 0) of ``total`` steps, as training uses it."""

def first_nonfinite(X: Array) -> int:
    """Flat index of the first NaN or infinity in a contiguous uint8, float32 or float64 array, or -1."""

def exp(X: Array) -> Array:
    """Return exp of a contiguous float32 or float64 array, the same bits on every machine."""

def available_targets() -> list[str]:
    """Names of the instruction-set targets that this build has and this CPU runs, slowest first."""

def active_target() -> str: ...
def max_threads() -> int:
    """Return OpenMP's threads of a call now (1 in a parallel region or after a fork), within available_processors."""

def available_processors() -> int:
    """Return how many processors the process may use: those it is bound to, within its container's quota."""

def when_threads_are_refused(tell: Callable[[int], None]) -> None:
    """Call ``tell`` after the first call for which the system would not start threads, with how many there are now."""

def build_info() -> dict[str, str]:
    """Version, compiler, build type, OpenMP version and targets of this build."""

def processor_info() -> dict[str, str]:
    """Processor, its caches, and the blocks into which products are cut for them."""
