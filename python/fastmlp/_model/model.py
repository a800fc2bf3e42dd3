"""A network's numbers and state, which everything below the face works on: ``fastmlp.Network`` holds one.

What a model is, is its architecture; the parameters and the optimizer's state live in the core, ``layers`` are views on
them. What can be asked of a model is in evaluation.py, how it is trained in fastmlp/_training. Every way in which its
state changes stands here, which makes this a long file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arrays import check_parameters
from fastmlp._model.architecture import Architecture
from fastmlp._model.class_names import ClassNames
from fastmlp._model.dense_layer import DenseLayer
from fastmlp._model.embedding import Waves, edges_of, learned_bins, waves_of
from fastmlp._model.interruption import completed
from fastmlp._model.outputs import is_classifier
from fastmlp._model.record import Record, digest_of
from fastmlp._model.samples import NAMES, Data, Samples
from fastmlp._model.scaling import ColumnScaling, columns_of, learned
from fastmlp._model.sparse_rows import SparseRows
from fastmlp._model.target_scaling import TargetUnits
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear
from fastmlp.gradients import flat_vector
from fastmlp.losses import Loss
from fastmlp.scalings import Scaling, Standardize

Array = npt.NDArray[Any]


class Model:
    """Parameters, scaling and training state of one architecture; the weights are zero until ``reset`` or ``write``.

    Attributes
    ----------
    architecture : Architecture
    core : the core's network
    guard : FitGuard
        Who may touch the model now.
    layers : list of DenseLayer
        With views on the parameters.
    names : ClassNames
        Of the classes.
    units : TargetUnits or None
        Of targets that are scaled, once these are known; None: targets and outputs are the core's own.
    record : Record or None
        Of its trainings, as it was last written: ``checked_record`` has seen what came after.
    is_recorded : bool
        Whether a fit is writing the record now, which sees every change itself.
    """

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.guard = _core.FitGuard()
        self.names = ClassNames()
        self.core = architecture.new_core(architecture.dtype)
        self.layers = [
            DenseLayer(
                layer.units,
                layer.activation_object,
                float(layer.l1 or 0.0),
                float(layer.l2 or 0.0),
                layer.pieces,
                self.core.weights(index),
                self.core.bias(index),
                layer.initializer_object,
                *layer.rate_factors,
            )
            for index, (layer, _) in enumerate(architecture.placed)
        ]
        # (inputs, parameters of an input), where an embedding has some
        self.embedding_parameters: Array | None = self.core.embedding()
        self._epochs_trained = 0
        self.record: Record | None = None
        self.is_recorded = False
        self._scale_inputs(architecture.scaling)
        self._embed_inputs(architecture.embedding)
        self._scale_targets(architecture.target_scaling)

    def reset(self) -> None:
        """Start over: initial weights, no optimizer state, nothing learned."""
        self.guard.check_idle()
        completed(self._start_over)

    def _start_over(self) -> None:
        self.core.initialize(seed=self.architecture.seed)
        self._epochs_trained = 0
        self.record = None
        self._scale_inputs(self.architecture.scaling)
        self._embed_inputs(self.architecture.embedding)
        self._scale_targets(self.architecture.target_scaling)

    def check(
        self,
        X: Data,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        names: tuple[str, str, str] = NAMES,
    ) -> Samples:
        """Return samples as ``Architecture.check`` does, of labels that may be names of classes."""
        return self.architecture.check(X, self.numbers_of(y, names[1]), sample_weight, names)

    def numbers_of(self, y: Any, name: str = "y") -> Any:
        """Return the numbers of classes whose names are given, and anything else as it is."""
        return self.names.numbers(y, name) if is_classifier(self.architecture.meaning) else y

    @contextmanager
    def learning_names(self, y: Any) -> Iterator[None]:
        """Learn the names of classes from the labels of a fit, and forget them where a check inside the block fails."""
        before, architecture = self.names, self.architecture
        if is_classifier(architecture.meaning):
            # one output tells two classes apart
            self.names = before.learned(y, max(architecture.n_outputs, 2))
        try:
            yield
        except BaseException:
            self.names = before
            raise

    @property
    def epochs_trained(self) -> int:
        """Epochs of all trainings since the reset: what is drawn for one is not drawn again."""
        return self._epochs_trained

    def count_epochs(self, finished: int) -> None:
        """Add epochs that a training has finished."""
        self._epochs_trained += finished

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        of_layers = sum(math.prod(shape) for shapes in self.architecture.shapes for shape in shapes)
        return of_layers + (0 if self.embedding_parameters is None else self.embedding_parameters.size)

    def parameters(self) -> Array:
        """Return a copy of all parameters as one vector, layer by layer, weights first; at last the embedding's."""
        self.guard.check_access()
        return flat_vector(((layer.weights, layer.bias) for layer in self.layers), self.embedding_parameters)

    def set_parameters(self, values: npt.ArrayLike) -> None:
        """Write all parameters from such a vector as a user gives it."""
        self.guard.check_access()
        self.write(check_parameters(values, self.n_parameters, self.architecture.dtype))
        self.end_record("set_parameters was called")

    def write(self, parameters: Array) -> None:
        """Write all parameters from a checked vector, at one go."""
        self.guard.check_access()
        self.core.write(parameters=np.ascontiguousarray(parameters, self.architecture.dtype))

    def digest(self) -> bytes:
        """Return the digest of all parameters."""
        return digest_of(self.parameters())

    def end_record(self, reason: str) -> None:
        """End the record, if there is one, where weights have changed in a way that it does not tell of."""
        if self.record is not None and not self.is_recorded:
            self.record.finish(reason)

    def checked_record(self) -> Record | None:
        """Return the record, which ends here where the weights are not those that it leads to."""
        record = self.record
        if record is not None and record.ending is None and not self.is_recorded:
            if record.is_under_way:
                record.finish("the fit had not come to its end")
            elif record.last != self.digest():
                record.finish("weights were written by hand")
        return record

    def record_of_now(self) -> Record | None:
        """Return the record as what keeps the weights of this moment has it.

        Between the epochs of a fit these are what the fit would have given, had it ended there.
        """
        record = self.record
        if record is None or not self.is_recorded or not record.is_under_way:
            return record
        made = record.fits[-1].digests
        if not made or made[-1] != self.digest():
            return record
        twin = record.copy()
        twin.fits[-1].weights_of = len(made)
        return twin

    def double(self) -> _core.Network32:
        """Return a core in float64 with a copy of these parameters."""
        return self.copied_core(self.architecture, np.float64)

    def copied_core(self, architecture: Architecture, dtype: npt.DTypeLike) -> _core.Network32:
        """Return a core of an architecture of the same sizes, with a copy of these parameters and scalings."""
        self.guard.check_access()
        core = architecture.new_core(dtype)
        _set_scaling(core, columns_of(self._scaling, architecture.n_inputs, dtype))
        _set_bins(core, self._embedding, architecture.n_inputs)
        _set_loss(core, architecture.loss, self.units)
        if self.embedding_parameters is not None:
            core.embedding()[...] = self.embedding_parameters
        for index, layer in enumerate(self.layers):
            core.weights(index)[...] = layer.weights
            core.bias(index)[...] = layer.bias
        return core

    @property
    def scaling(self) -> Scaling | None:
        """What is done to inputs before the first layer, with the numbers that a fit learned."""
        return self._scaling

    @property
    def columns(self) -> ColumnScaling | None:
        """What is done to each input; None: inputs are taken as they are."""
        return columns_of(self._scaling, self.architecture.n_inputs, self.architecture.dtype)

    @property
    def embedding_settings(self) -> Embedding | None:
        """How inputs are embedded, with the bins that a fit learned."""
        return self._embedding

    @property
    def embedding(self) -> PiecewiseLinear | Waves | None:
        """The same; of one that is trained its parameters."""
        if isinstance(self._embedding, Periodic):
            assert self.embedding_parameters is not None
            return waves_of(self._embedding, self.embedding_parameters)
        assert self._embedding is None or isinstance(self._embedding, PiecewiseLinear)
        return self._embedding

    @property
    def target_scaling(self) -> Standardize | None:
        """What is done to targets, with the numbers that a fit learned; None: they are learned as they are."""
        return self._target_scaling

    @property
    def loss_unit(self) -> float:
        """What a loss of 1 of the core is in the units of the targets."""
        return 1.0 if self.units is None else self.units.loss_unit(self.architecture.loss)

    def learn_scaling(self, samples: Samples) -> None:
        """Learn from the samples of a fit what the scalings and bins do not know yet."""
        if self._scaling is not None and self.columns is None:
            self._scale_inputs(learned(self._scaling, samples.not_sparse, samples.sample_weight))
        if isinstance(self._embedding, PiecewiseLinear) and self._embedding.edges is None:
            if isinstance(samples.X, SparseRows):
                raise ValueError(
                    "PiecewiseLinear cannot learn its bins from sparse rows: give a dense array, or edges."
                )
            dtype = self.architecture.dtype
            self._embed_inputs(learned_bins(self._embedding, self.columns, samples.X, samples.sample_weight, dtype))
        if self._target_scaling is not None and self.units is None:
            scaling = learned(self._target_scaling, samples.targets, samples.sample_weight, name="y")
            assert isinstance(scaling, Standardize)
            self._scale_targets(scaling)

    def check_scaling_is_known(self) -> None:
        """Refuse batches and single rows, which are no sample of the data to learn a scaling from."""
        if self._scaling is not None and self.columns is None:
            kind = type(self._scaling).__name__
            raise ValueError(f"{kind} has not learned its numbers yet: fit on arrays first, or give them to {kind}.")
        if isinstance(self._embedding, PiecewiseLinear) and self._embedding.edges is None:
            raise ValueError("PiecewiseLinear has not learned its bins yet: fit on arrays first, or give it edges.")
        self._check_units_are_known()

    def for_core(self, samples: Samples, dtype: npt.DTypeLike | None = None) -> Samples:
        """Return samples with targets as the core learns them, in its dtype or in another one."""
        if self._target_scaling is None:
            return samples
        self._check_units_are_known()
        assert self.units is not None
        wanted = self.architecture.dtype if dtype is None else np.dtype(dtype)
        return samples._replace(targets=self.units.to_core(samples.targets, wanted))

    def for_user(self, outputs: Array) -> Array:
        """Return outputs of the core in the units of the targets."""
        if self._target_scaling is None:
            return outputs
        self._check_units_are_known()
        assert self.units is not None
        return self.units.from_core(outputs)

    def _check_units_are_known(self) -> None:
        if self._target_scaling is not None and self.units is None:
            raise ValueError(
                "scale_targets has not learned its numbers yet: fit on arrays first, or give them, "
                "scale_targets=fm.Standardize(mean=..., deviation=...)."
            )

    @contextmanager
    def unchanged_on_failure(self) -> Iterator[None]:
        """Put weights and optimizer back where a training inside the block fails.

        They are copied, not the model: to build another takes ten times as long as to copy the numbers.
        """
        parameters, optimizer_state = self.parameters(), self.core.optimizer_state()
        epochs_trained = self._epochs_trained

        def put_back() -> None:
            self.write(parameters)
            self.core.set_optimizer_state(optimizer_state)
            self._epochs_trained = epochs_trained

        try:
            yield
        except BaseException:
            # a training of another thread, if one is running now, is why this one was refused: nothing has changed then
            with suppress(RuntimeError):
                self.guard.check_idle()
                completed(put_back)
            raise

    def state(self) -> dict[str, Any]:
        """Return everything, to be pickled."""
        record = self.record_of_now()
        return {
            "architecture": self.architecture,
            "names": self.names,
            "scaling": self._scaling,
            "embedding": self._embedding,
            "target_scaling": self._target_scaling,
            "parameters": self.parameters(),
            "optimizer_state": self.core.optimizer_state(),
            "epochs_trained": self._epochs_trained,
            "record": None if record is None else record.copy(),
        }

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Model:
        """Return a model of what ``state`` returned."""
        model = cls(state["architecture"])
        model.take_state(state)
        return model

    def take_state(self, state: dict[str, Any]) -> None:
        """Become what ``state`` returned of a model of the same architecture."""

        def take() -> None:
            self.names = state["names"]
            self._scale_inputs(state["scaling"])
            self._embed_inputs(state["embedding"])
            self._scale_targets(state["target_scaling"])
            self.write(state["parameters"])
            self.core.set_optimizer_state(state["optimizer_state"])
            self._epochs_trained = state["epochs_trained"]
            # pickles of before records have none
            self.record = state.get("record")

        completed(take)

    def with_architecture(self, architecture: Architecture, *, keeps_optimizer: bool) -> Model:
        """Return another model of the same shape, with these parameters and perhaps the state of the optimizer."""
        state = self.state() | {"architecture": architecture, "record": None}
        if not keeps_optimizer or architecture.dtype != self.architecture.dtype:
            state["optimizer_state"] = None
        if architecture.scaling != self.architecture.scaling:
            state["scaling"] = architecture.scaling
        if architecture.embedding != self.architecture.embedding:
            state["embedding"] = architecture.embedding
        return Model.of_state(state)

    def _scale_inputs(self, scaling: Scaling | None) -> None:
        columns = columns_of(scaling, self.architecture.n_inputs, self.architecture.dtype)

        def change() -> None:
            _set_scaling(self.core, columns)
            self._scaling = scaling

        completed(change)

    def _embed_inputs(self, embedding: Embedding | None) -> None:
        def change() -> None:
            _set_bins(self.core, embedding, self.architecture.n_inputs)
            self._embedding = embedding

        completed(change)

    def _scale_targets(self, scaling: Standardize | None) -> None:
        loss = self.architecture.loss
        units = None if scaling is None or scaling.mean is None else TargetUnits.of(scaling, loss)

        def change() -> None:
            _set_loss(self.core, loss, units)
            self._target_scaling, self.units = scaling, units

        completed(change)


def _set_scaling(core: _core.Network32, columns: ColumnScaling | None) -> None:
    if columns is None:
        core.set_input_scaling(shift=None, scale=None)
    else:
        core.set_input_scaling(shift=columns.shift, scale=columns.scale, limit=columns.limit)


def _set_bins(core: _core.Network32, embedding: Embedding | None, n_inputs: int) -> None:
    if isinstance(embedding, PiecewiseLinear):
        edges = edges_of(embedding, n_inputs)
        core.set_bins(lower=edges.lower, upper=edges.upper)


def _set_loss(core: _core.Network32, loss: Loss, units: TargetUnits | None) -> None:
    core.set_loss_parameter(parameter=loss.parameter if units is None else loss.parameter_in(units.error))
