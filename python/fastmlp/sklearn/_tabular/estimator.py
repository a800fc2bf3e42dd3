"""How a fit of TabularClassifier and TabularRegressor goes; what can be done with a fitted one is in fitted.py.

encoder.py makes numbers of a table, recipe.py a network for them, and fitting.py trains some; scaling and clipping the
numbers is the networks', so that a model is in one piece. What labels and values need apart is in classifier.py and
regressor.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from copy import copy
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import is_classifier
from sklearn.utils import check_consistent_length, check_random_state

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.arrays import check_total_weight
from fastmlp._training.checkpoint import Checkpoint, checkpoints_of
from fastmlp._training.crew import SomeTraining, train_together
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss
from fastmlp.runtime import own_limit
from fastmlp.sklearn._callbacks import CallbackSupport
from fastmlp.sklearn._labels import plain_targets
from fastmlp.sklearn._models import check_random_state_is_kept, told_of
from fastmlp.sklearn._tabular.aside import Validation, rows_aside
from fastmlp.sklearn._tabular.best import Search, check_not_watched
from fastmlp.sklearn._tabular.checks import checked, checked_like_training, in_columns, rows_of
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.encoder import TableEncoder
from fastmlp.sklearn._tabular.fitted import Fitted
from fastmlp.sklearn._tabular.fitting import Fitting, Watched
from fastmlp.sklearn._tabular.following import Shown, Tasks, callbacks_of, progress_of
from fastmlp.sklearn._tabular.members import Member, Rows, Samples
from fastmlp.sklearn._tabular.recipe import batch_of
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.settings import wanted_of
from fastmlp.sklearn._threads import threads_of
from fastmlp.sklearn._weights import checked_sample_weight

Array = npt.NDArray[Any]


class BaseTabular(CallbackSupport, Fitted):
    """A network for tables behind the interface of scikit-learn."""

    hidden_layer_sizes: Sequence[int] | int | str
    bins: int | str
    learning_rate: float | str
    dropout: float | str
    n_estimators: int
    max_iter: int | str
    batch_size: int | str
    validation: str
    validation_fraction: float
    random_state: int | np.random.RandomState | None
    verbose: bool | int
    preset: str | None
    time_limit: float | None
    plan: int | None
    # that of the hidden layers, and that of the last
    _activations: tuple[str, str]

    @abstractmethod
    def _loss_object(self) -> Loss:
        """Return the loss to minimize."""

    @abstractmethod
    def _learn_targets(self, y: Array, weights: Array | None, result: TabularResult) -> int:
        """Settle what targets stand for, and return the units of the last layer."""

    @abstractmethod
    def _loss_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        """Return what an ensemble with these outputs is judged by: the less the better."""

    def _activations_for(self, result: TabularResult) -> tuple[str, str]:
        """Return the activations of a network for these targets."""
        return self._activations

    @abstractmethod
    def _encode(self, y: Array, result: TabularResult, name: str) -> Array:
        """Return targets as the network takes them; an error calls them by the name."""

    def _weight_of_each(
        self, targets: Array, weights: Array | None, result: TabularResult
    ) -> npt.NDArray[np.float64] | None:
        """Return the weight of each target that is one of classes, or None: all weigh the same."""
        return None

    def _weights(self, targets: Array, weights: Array | None, of_each: Array | None) -> Array | None:
        """Return the weights of samples, those of their classes included."""
        if of_each is None:
            return weights
        return check_total_weight(of_each[targets] * (1.0 if weights is None else weights), "class_weight")

    def _finish(self, result: TabularResult, samples: Samples, judged: Sequence[Rows | Samples]) -> None:
        """Do what is done in the end to the trained networks, by the validation rows of each."""

    def _train(
        self,
        X: Table,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        callbacks: Iterable[Callback],
        checkpoint: Checkpoint | None,
    ) -> None:
        members = check_integer(self.n_estimators, "n_estimators", minimum=1)
        own_callbacks = callbacks_of(callbacks, members)
        fraction = check_real(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        wanted = wanted_of(self)
        check_random_state_is_kept(checkpoint, self.random_state)
        search = Search.wanted_of(self)
        if search is not None:
            check_not_watched(self, checkpoint, own_callbacks[0])
        kept = told_of(self, checkpoint, X_val=validation.X, groups=validation.groups)
        checkpoints = checkpoints_of(kept, members, 'give Checkpoint("run-{network}.ckpt"), for example')
        limit = threads_of(self.n_threads)
        result = TabularResult()
        # scikit-learn writes number and names of columns on what it checks with, and the estimator stays as it is
        stand_in = copy(self)
        table, y = checked(stand_in, X, y)
        result.take_columns(stand_in)
        weights = checked_sample_weight(sample_weight, y)
        groups = validation.group_of_each(len(y))
        n_outputs = self._learn_targets(y, weights, result)
        targets = self._encode(y, result, "y")
        of_each = self._weight_of_each(targets, weights, result)
        weights = self._weights(targets, weights, of_each)
        if weights is not None and not weights.all():
            # what weighs nothing is not there: neither for the columns nor among the rows that are set aside
            weighing = np.flatnonzero(weights)
            table, targets, weights = rows_of(table)[weighing], targets[weighing], weights[weighing]
            groups = None if groups is None else groups[weighing]
        random_state = check_random_state(self.random_state)
        settled = wanted.fitting(len(targets), self._activations[0], is_classifier=is_classifier(self))
        result.encoder = TableEncoder()
        rows = result.encoder.fit_encode(table, with_bins=settled.bins > 0)
        asides: Iterable[Rows | Samples]
        if validation.X is None:
            classes = targets if is_classifier(self) and targets.ndim == 1 else None
            asides = rows_aside(len(targets), fraction, self.validation, classes, groups, random_state)
        else:
            X_aside = result.encoder.encode(checked_like_training(stand_in, validation.X))
            y_aside = in_columns(np.asarray(plain_targets(validation.y, "y_val")))
            check_consistent_length(X_aside, y_aside)
            weights_aside = checked_sample_weight(validation.sample_weight, y_aside, "sample_weight_val")
            targets_aside = self._encode(y_aside, result, "y_val")
            asides = repeat(Samples(X_aside, targets_aside, self._weights(targets_aside, weights_aside, of_each)))
        batch_size = batch_of(self.batch_size, len(targets))
        samples = Samples(rows, targets, weights)
        fitting = Fitting(
            samples,
            result.encoder.n_in_bins,
            n_outputs,
            self._activations_for(result)[1],
            self._loss_object(),
            batch_size,
            iter(asides),
            random_state,
        )
        tasks = Tasks(self, X, y, sample_weight, members)
        learned = len(targets) if validation.X is not None else round(len(targets) * (1 - fraction))
        try:
            with own_limit(limit):
                if search is None:
                    watches = list(map(Watched, checkpoints, own_callbacks))
                    shown = progress_of(bool(self.verbose), members, members * settled.epochs * learned, batch_size)
                    with shown as progress:
                        ensemble, judged = fitting.members(settled, watches, partial(_run, progress, tasks))
                else:
                    ensemble, judged = fitting.search(search, settled, fraction, self._loss_of), []
                    result.plan_ = ensemble.plan
        except FloatingPointError as divergence:
            raise ValueError(str(divergence)) from divergence
        result.networks_ = [member.network for member in ensemble.members]
        if search is None:
            self._finish(result, samples, judged)
        result.best_iterations_ = [member.best_epoch for member in ensemble.members]
        result.repeats_ = ensemble.repeats
        result.n_iter_ = max(member.epochs for member in ensemble.members)
        result.hand_over(self)
        tasks.end()


def _run(progress: Shown, tasks: Tasks, trainings: list[SomeTraining[Member]]) -> dict[int, Member]:
    """Train the members, which are tasks of scikit-learn's callbacks, and show it."""
    followed = [progress.until_end(tasks.around(training, index)) for index, training in enumerate(trainings)]
    return train_together(followed, after_slice=progress.after_slice)
