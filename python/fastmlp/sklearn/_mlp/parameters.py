"""The constructor's parameters, checked when a fit begins, as scikit-learn wants it: which optimizer, layers and rules.

Nothing here knows an estimator: a mapping comes in, and what comes out is settled and typed. The loss and the weights
of classes are not among it, since classes.py and values.py settle them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_dtype, check_flag, check_integer, check_real
from fastmlp._checks.text import brief
from fastmlp.activations import Activation, resolve_activation
from fastmlp.optimizers import LBFGS, SGD, Adam, Optimizer, resolve_optimizer
from fastmlp.scalings import RobustScale, Standardize
from fastmlp.schedules import Schedule
from fastmlp.sklearn._sizes import hidden_sizes

# what the constructors take: one for all hidden layers, or one for each
Activations: TypeAlias = str | Activation | Sequence[str | Activation]
Rates: TypeAlias = float | Sequence[float]
Sizes: TypeAlias = int | Sequence[int] | npt.NDArray[np.integer[Any]]

SOLVERS = ("lbfgs", "sgd", "adam")
LEARNING_RATES = ("constant", "invscaling", "adaptive")
# scikit-learn's name of the sigmoid
LOGISTIC = "logistic"
# activations that scikit-learn has, whose initial weights are then drawn as there
INHERITED = ("identity", LOGISTIC, "tanh", "relu")
SCALES: dict[str, type[Standardize | RobustScale]] = {"standard": Standardize, "robust": RobustScale}
# with so many samples or more the arithmetic is that of float32, unless told otherwise
MANY_ROWS = 5000
# the default of SciPy's L-BFGS-B, which scikit-learn leaves as it is
LBFGS_LOSS_TOLERANCE = 1e7 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Parameters:
    """What one fit needs to know.

    Attributes
    ----------
    activations, dropout : tuple
        One for each hidden layer.
    is_inherited : tuple of bool
        Whether scikit-learn has the activation of each hidden layer, so that its initial weights are drawn as there.
    is_logistic : tuple of bool
        Whether the initial weights of each layer are drawn as scikit-learn's are for the logistic function. It draws
        the last layer by the activation of the hidden ones, and so the last entry is that of the last hidden layer.
    by_solver : bool
        Whether ``solver`` and what belongs to it made the optimizer; else it was given.
    rule : str
        How the rate changes between iterations: one of LEARNING_RATES.
    initial_rate, power_t : float
        Not checked where an optimizer was given, since nothing looks at them then.
    batch_size : int or None
        None for "auto".
    """

    hidden: tuple[int, ...]
    activations: tuple[Activation, ...]
    is_inherited: tuple[bool, ...]
    is_logistic: tuple[bool, ...]
    dropout: tuple[float, ...]
    optimizer: Optimizer
    by_solver: bool
    rule: str
    initial_rate: float
    power_t: float
    alpha: float
    batch_size: int | None
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
    def of(cls, given: Mapping[str, Any]) -> Parameters:
        """Check the parameters of an estimator, such as ``get_params(deep=False)`` returns them."""
        hidden = hidden_sizes(given["hidden_layer_sizes"])
        names = _per_layer(given["activation"], len(hidden), "activation")
        last = names[-1] if names else given["activation"]
        if not names and isinstance(last, str) and last != LOGISTIC:
            resolve_activation(last)  # no layer has it, but a wrong name is refused all the same
        tol = check_real(given["tol"], "tol", minimum=0.0)
        by_solver = given["optimizer"] is None
        return cls(
            hidden=hidden,
            activations=tuple(resolve_activation("sigmoid" if name == LOGISTIC else name) for name in names),
            is_inherited=tuple(isinstance(name, str) and name in INHERITED for name in names),
            is_logistic=tuple(isinstance(name, str) and name == LOGISTIC for name in (*names, last)),
            dropout=tuple(
                check_real(rate, "dropout", minimum=0.0, below=1.0)
                for rate in _per_layer(given["dropout"], len(hidden), "dropout")
            ),
            optimizer=_optimizer_of_solver(given, tol) if by_solver else resolve_optimizer(given["optimizer"]),
            by_solver=by_solver,
            rule=given["learning_rate"] if by_solver and given["solver"] == "sgd" else "constant",
            initial_rate=given["learning_rate_init"],
            power_t=given["power_t"],
            alpha=check_real(given["alpha"], "alpha", minimum=0.0),
            batch_size=_batch_size(given["batch_size"]),
            max_iter=check_integer(given["max_iter"], "max_iter", minimum=1),
            shuffle=check_flag(given["shuffle"], "shuffle"),
            tol=tol,
            patience=_patience(given["n_iter_no_change"]),
            early_stopping=check_flag(given["early_stopping"], "early_stopping"),
            validation_fraction=check_real(given["validation_fraction"], "validation_fraction", minimum=0.0, below=1.0),
            verbose=_says(given["verbose"]),
            warm_start=check_flag(given["warm_start"], "warm_start"),
            scale=None if given["scale"] is None else _one_of(given["scale"], "scale", tuple(SCALES)),
            dtype=None if given["dtype"] is None else check_dtype(given["dtype"]),
        )

    @property
    def makes_batches(self) -> bool:
        """Whether the optimizer takes some samples at a time; L-BFGS and Rprop take all."""
        return not self.optimizer.needs_all_samples

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
        if isinstance(getattr(self.optimizer, "learning_rate", None), Schedule):
            raise ValueError(
                "partial_fit makes one iteration, and the optimizer's schedule needs to know of all: "
                "give learning_rate a number."
            )


def is_lbfgs(solver: str, optimizer: str | Optimizer | None) -> bool:
    """Whether these parameters, not checked yet, ask for L-BFGS."""
    asked = solver if optimizer is None else optimizer
    return isinstance(asked, LBFGS) or (isinstance(asked, str) and asked == LBFGS.name)


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


def _optimizer_of_solver(given: Mapping[str, Any], tol: float) -> Optimizer:
    """Return the optimizer of ``solver``; also what another solver looks at is checked."""
    solver = _one_of(given["solver"], "solver", SOLVERS)
    _one_of(given["learning_rate"], "learning_rate", LEARNING_RATES)
    rate = check_real(given["learning_rate_init"], "learning_rate_init", above=0.0)
    check_real(given["power_t"], "power_t", minimum=0.0)
    limit = check_integer(given["max_fun"], "max_fun", minimum=1)
    beta1 = check_real(given["beta_1"], "beta_1", minimum=0.0, below=1.0)
    beta2 = check_real(given["beta_2"], "beta_2", minimum=0.0, below=1.0)
    epsilon = check_real(given["epsilon"], "epsilon", above=0.0)
    # scikit-learn's classes take a momentum of 1, which nothing but sgd looks at
    momentum = check_real(given["momentum"], "momentum", minimum=0.0, below=1.0 if solver == "sgd" else None)
    nesterov = check_flag(given["nesterovs_momentum"], "nesterovs_momentum")
    if solver == "lbfgs":
        return LBFGS(tolerance=tol, loss_tolerance=LBFGS_LOSS_TOLERANCE, max_evaluations=limit)
    if solver == "adam":
        return Adam(rate, beta1, beta2, epsilon)
    return SGD(rate, momentum, nesterov=nesterov and momentum > 0)


def _batch_size(value: Any) -> int | None:
    if isinstance(value, str) and value == "auto":
        return None
    return check_integer(value, "batch_size", minimum=1)


def _patience(value: Any) -> float:
    if isinstance(value, float) and value == math.inf:
        return value
    return check_integer(value, "n_iter_no_change", minimum=1)


def _says(verbose: Any) -> bool:
    if isinstance(verbose, bool | np.bool_):
        return bool(verbose)
    return check_integer(verbose, "verbose", minimum=0) > 0


def _one_of(value: Any, name: str, names: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, names))}, got {brief(value)}.")
    return value
