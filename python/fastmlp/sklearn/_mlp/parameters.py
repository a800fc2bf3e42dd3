"""The constructor's parameters, checked when a fit begins, as scikit-learn wants it: which optimizer, layers and rules.

Nothing here changes the estimator; what comes out is settled and typed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._checks.arguments import check_dtype, check_flag, check_integer, check_real
from fastmlp.activations import Activation, resolve_activation
from fastmlp.history import Epoch
from fastmlp.layers import RobustScale, Standardize
from fastmlp.optimizers import FULL_BATCH, LBFGS, SGD, Adam, Optimizer, resolve_optimizer
from fastmlp.schedules import EpochSchedule, Schedule
from fastmlp.sklearn._sizes import hidden_sizes

if TYPE_CHECKING:
    from fastmlp.sklearn._mlp.estimator import BaseMLP

SOLVERS = ("lbfgs", "sgd", "adam")
LEARNING_RATES = ("constant", "invscaling", "adaptive")
# scikit-learn's name of the sigmoid
LOGISTIC = "logistic"
SCALES: dict[str, type[Standardize | RobustScale]] = {"standard": Standardize, "robust": RobustScale}
# from which on the arithmetic is that of float32 unless told otherwise
MANY_ROWS = 5000
# of SciPy's L-BFGS-B, which scikit-learn leaves as it is
LBFGS_LOSS_TOLERANCE = 1e7 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class RateByIterations(EpochSchedule):
    """A rate that the rules of scikit-learn's ``learning_rate`` set after each iteration."""

    initial: float
    next_rate: Callable[[], float]

    def _follow(self, columns: list[str]) -> Callable[[Epoch, float], float]:
        return lambda epoch, rate: self.next_rate()


@dataclass(frozen=True)
class Parameters:
    """What one fit needs to know."""

    hidden: tuple[int, ...]
    activations: tuple[Activation, ...]  # of the hidden layers
    is_logistic: tuple[bool, ...]  # which layers are, for their initial weights; the last goes by the one before it
    is_inherited: tuple[bool, ...]  # which of them scikit-learn knows, too
    dropout: tuple[float, ...]  # after each hidden layer
    optimizer: Optimizer
    rule: str  # of the learning rate between iterations: one of LEARNING_RATES
    alpha: float
    batch_size: int | None  # None: "auto"
    max_iter: int
    shuffle: bool
    tol: float
    patience: float
    early_stopping: bool
    validation_fraction: float
    verbose: bool
    warm_start: bool
    scale: str | None
    dtype: np.dtype[Any] | None

    @classmethod
    def of(cls, estimator: BaseMLP) -> Parameters:
        """Check the parameters of an estimator."""
        hidden = hidden_sizes(estimator.hidden_layer_sizes)
        names = _per_layer(estimator.activation, len(hidden), "activation")
        last = names[-1] if names else estimator.activation
        if not names and isinstance(last, str) and last != LOGISTIC:
            resolve_activation(last)  # of no layer, but to be right
        patience = estimator.n_iter_no_change
        if not (isinstance(patience, float) and patience == math.inf):
            patience = check_integer(patience, "n_iter_no_change", minimum=1)
        batch_size = estimator.batch_size
        optimizer, rule = _optimizer(estimator)
        return cls(
            hidden=hidden,
            activations=tuple(resolve_activation("sigmoid" if name == LOGISTIC else name) for name in names),
            is_logistic=tuple(isinstance(name, str) and name == LOGISTIC for name in (*names, last)),
            is_inherited=tuple(isinstance(name, str) and name in INHERITED for name in names),
            dropout=tuple(
                check_real(rate, "dropout", minimum=0.0, below=1.0)
                for rate in _per_layer(estimator.dropout, len(hidden), "dropout")
            ),
            optimizer=optimizer,
            rule=rule,
            alpha=check_real(estimator.alpha, "alpha", minimum=0.0),
            batch_size=None
            if isinstance(batch_size, str) and batch_size == "auto"
            else check_integer(batch_size, "batch_size", minimum=1),
            max_iter=check_integer(estimator.max_iter, "max_iter", minimum=1),
            shuffle=check_flag(estimator.shuffle, "shuffle"),
            tol=check_real(estimator.tol, "tol", minimum=0.0),
            patience=patience,
            early_stopping=check_flag(estimator.early_stopping, "early_stopping"),
            validation_fraction=check_real(
                estimator.validation_fraction, "validation_fraction", minimum=0.0, below=1.0
            ),
            verbose=_says(estimator.verbose),
            warm_start=check_flag(estimator.warm_start, "warm_start"),
            scale=None if estimator.scale is None else _one_of(estimator.scale, "scale", tuple(SCALES)),
            dtype=None if estimator.dtype is None else check_dtype(estimator.dtype),
        )

    @property
    def makes_batches(self) -> bool:
        """Whether the optimizer takes some samples at a time; L-BFGS and Rprop take all."""
        return self.optimizer.name not in FULL_BATCH

    def dtype_of(self, X: Any) -> np.dtype[Any]:
        """Return the dtype of a new network for these samples: docs/decisions/0016-float32-for-many-rows.md."""
        if self.dtype is not None:
            return self.dtype
        has_many = X.shape[0] >= MANY_ROWS and not isinstance(self.optimizer, LBFGS)
        return np.dtype(np.float32 if has_many or X.dtype == np.float32 else np.float64)

    def batch_of(self, n_samples: int) -> int:
        """Return the rows of a batch."""
        if not self.makes_batches:
            return n_samples
        return min(200 if self.batch_size is None else self.batch_size, n_samples)

    def check_incremental(self) -> None:
        """Refuse what cannot do with one iteration."""
        if isinstance(self.optimizer, LBFGS):
            raise ValueError("partial_fit makes one iteration, which lbfgs cannot: use solver='adam' or 'sgd'.")
        if self.early_stopping:
            raise ValueError("partial_fit does not stop, so early_stopping must be False, got True.")
        if isinstance(self.optimizer.learning_rate, Schedule):
            raise ValueError(
                "partial_fit makes one iteration, and the optimizer's schedule needs to know of all: "
                "give learning_rate a number."
            )


# activations that scikit-learn has, whose initial weights are then drawn as there
INHERITED = ("identity", LOGISTIC, "tanh", "relu")


def _says(verbose: Any) -> bool:
    if isinstance(verbose, bool | np.bool_):
        return bool(verbose)
    return check_integer(verbose, "verbose", minimum=0) > 0


def _per_layer(value: Any, n_hidden: int, name: str) -> tuple[Any, ...]:
    """Return one value for each hidden layer, from one or from a sequence of as many."""
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        return (value,) * n_hidden
    if len(value) != n_hidden:
        raise ValueError(
            f"{name} has {len(value)} entries, but hidden_layer_sizes has {n_hidden}: "
            "give one value for all layers, or one for each."
        )
    return tuple(value)


def _optimizer(estimator: BaseMLP) -> tuple[Optimizer, str]:
    """Return the optimizer, and the rule by which its rate changes between iterations."""
    if estimator.optimizer is not None:
        return resolve_optimizer(estimator.optimizer), "constant"
    solver = _one_of(estimator.solver, "solver", SOLVERS)
    rule = _one_of(estimator.learning_rate, "learning_rate", LEARNING_RATES)
    rate = check_real(estimator.learning_rate_init, "learning_rate_init", above=0.0)
    check_real(estimator.power_t, "power_t", minimum=0.0)
    limit = check_integer(estimator.max_fun, "max_fun", minimum=1)
    tol = check_real(estimator.tol, "tol", minimum=0.0)
    beta1 = check_real(estimator.beta_1, "beta_1", minimum=0.0, below=1.0)
    beta2 = check_real(estimator.beta_2, "beta_2", minimum=0.0, below=1.0)
    epsilon = check_real(estimator.epsilon, "epsilon", above=0.0)
    # scikit-learn's classes take a momentum of 1, which nothing but sgd looks at
    momentum = check_real(estimator.momentum, "momentum", minimum=0.0, below=1.0 if solver == "sgd" else None)
    nesterov = check_flag(estimator.nesterovs_momentum, "nesterovs_momentum")
    if solver == "lbfgs":
        return LBFGS(tolerance=tol, loss_tolerance=LBFGS_LOSS_TOLERANCE, max_evaluations=limit), "constant"
    if solver == "adam":
        return Adam(rate, beta1, beta2, epsilon), "constant"
    return SGD(rate, momentum, nesterov=nesterov and momentum > 0), rule


def _one_of(value: Any, name: str, names: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, names))}, got {value!r}.")
    return value
