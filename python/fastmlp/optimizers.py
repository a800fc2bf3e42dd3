"""The optimizers by name, as frozen settings; the update itself is a tile kernel in cpp/kernels/optimizer-inl.hpp.

The state (momentum, moments) belongs to the network and is kept from one fit to the next. ``learning_rate`` is a number
or a schedule of fastmlp.schedules. The core is told every setting by its name. LBFGS alone is no kernel: it is SciPy's,
driven by _training/lbfgs.py. A catalogue: an entry with its documentation for each optimizer, hence a long file.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fastmlp._checks.arguments import check_flag, check_integer, check_real
from fastmlp._checks.registry import by_name, resolve_by_name
from fastmlp._checks.text import brief
from fastmlp.schedules import Schedule, resolve_schedule

__all__ = ["LBFGS", "SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSProp", "Rprop", "StepOptimizer"]


class Optimizer:
    """What every optimizer says of itself.

    Attributes
    ----------
    name : str
        The one by which the core knows it.
    needs_all_samples : bool
        Whether it compares the gradient of all samples from step to step, so that a batch must be all of them.

    See Also
    --------
    StepOptimizer : Those with a rule for one step.
    fastmlp.LBFGS : One that is no rule for a step.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Rprop().needs_all_samples
    True
    """

    name: ClassVar[str]
    needs_all_samples: ClassVar[bool] = False


class StepOptimizer(Optimizer):
    """An optimizer with a rule for one step, which the core makes; its settings are numbers.

    See Also
    --------
    Optimizer : What all have in common.
    fastmlp.Adam : The usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> isinstance(fm.Adam(), fm.optimizers.StepOptimizer), isinstance(fm.LBFGS(), fm.optimizers.StepOptimizer)
    (True, False)
    """

    learning_rate: float | Schedule

    @property
    def decay(self) -> float:
        """The part of a weight that a step of rate 1 takes away before it moves it, whatever the gradient is."""
        return 0.0

    def numbers(self) -> dict[str, float]:
        """Return the settings that the core is told, by their names; what is None is none for the core, too."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {name: float(value) for name, value in given.items() if not isinstance(value, Schedule)}


@dataclass(frozen=True)
class SGD(StepOptimizer):
    """Stochastic gradient descent with momentum: v = momentum v + g, w = w - learning_rate v.

    Parameters
    ----------
    learning_rate : float or schedule, default 0.01
        Positive.
    momentum : float, default 0.0
        In [0, 1).
    nesterov : bool, default False
        Step along g + momentum v instead of v (Sutskever et al., ICML 2013, in PyTorch's form).
    clip_value, clip_norm : float, optional
        See ``fastmlp.optimizers.Adam``.

    See Also
    --------
    Adam : The usual choice.
    fastmlp.schedules : Learning rates that change.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.SGD(0.1, momentum=0.9, nesterov=True)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True, clip_value=None, clip_norm=None)
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "sgd"

    def __post_init__(self) -> None:
        _check(self, momentum={"minimum": 0.0, "below": 1.0})
        object.__setattr__(self, "nesterov", check_flag(self.nesterov, "nesterov"))
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("nesterov=True needs a momentum above 0, got 0.0: give momentum=0.9, for example.")


@dataclass(frozen=True)
class Adam(StepOptimizer):
    """Adam (Kingma and Ba, ICLR 2015) in PyTorch's form: both moments are corrected, then epsilon is added.

    Parameters
    ----------
    learning_rate : float or schedule, default 0.001
        Positive.
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the first and second moment, in [0, 1).
    epsilon : float, default 1e-8
        Added to the root of the second moment, positive.
    clip_value : float, optional
        Every element of the gradient, penalties included, is brought into [-clip_value, clip_value] first.
    clip_norm : float, optional
        Then, where the norm of all gradients together is larger, they are scaled down to this (Pascanu, Mikolov and
        Bengio, ICML 2013), those of frozen weights and biases left out. Costs another pass over the gradients in each
        step.

    See Also
    --------
    AdamW : With decoupled decay.
    SGD : The plain one, with momentum.
    fastmlp.schedules : Learning rates that change.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Adam(1e-3)
    Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08, clip_value=None, clip_norm=None)
    >>> fm.Adam(fm.schedules.Cosine(1e-3)).learning_rate
    Cosine(initial=0.001, final=0.0)
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "adam"

    def __post_init__(self) -> None:
        decay = {"minimum": 0.0, "below": 1.0}
        _check(self, beta1=decay, beta2=decay, epsilon={"above": 0.0})


@dataclass(frozen=True)
class AdamW(StepOptimizer):
    """Adam after w = (1 - learning_rate weight_decay) w: decoupled decay (Loshchilov and Hutter, ICLR 2019).

    Parameters
    ----------
    learning_rate : float or schedule, default 0.001
        Positive.
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the first and second moment, in [0, 1).
    epsilon : float, default 1e-8
        Added to the root of the second moment, positive.
    weight_decay : float, default 0.01
        Not negative; of the weights, not of the biases.
    clip_value, clip_norm : float, optional
        See ``fastmlp.optimizers.Adam``.

    See Also
    --------
    Adam : The usual choice.
    fastmlp.schedules : Learning rates that change.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.AdamW(weight_decay=0.1).weight_decay
    0.1
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "adamw"

    @property
    def decay(self) -> float:
        """The weight decay."""
        return self.weight_decay

    def __post_init__(self) -> None:
        decay = {"minimum": 0.0, "below": 1.0}
        _check(self, beta1=decay, beta2=decay, epsilon={"above": 0.0}, weight_decay={"minimum": 0.0})


@dataclass(frozen=True)
class RMSProp(StepOptimizer):
    """Steps in units of the gradient's running root mean square (Tieleman and Hinton, 2012), in PyTorch's form.

    Parameters
    ----------
    learning_rate : float or schedule, default 0.001
        Positive.
    alpha : float, default 0.9
        Decay of the mean square, in [0, 1).
    epsilon : float, default 1e-8
        Added to its root, positive.
    momentum : float, default 0.0
        In [0, 1): of a velocity that sums up the divided gradients.
    clip_value, clip_norm : float, optional
        See ``fastmlp.optimizers.Adam``.

    See Also
    --------
    Adam : The usual choice.
    Adagrad : Sums of squares that never fade.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.RMSProp(momentum=0.9).alpha
    0.9
    """

    learning_rate: float | Schedule = 0.001
    alpha: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "rmsprop"

    def __post_init__(self) -> None:
        decay = {"minimum": 0.0, "below": 1.0}
        _check(self, alpha=decay, epsilon={"above": 0.0}, momentum=decay)


@dataclass(frozen=True)
class Adagrad(StepOptimizer):
    """Steps in units of the root of the sum of all squared gradients (Duchi, Hazan and Singer, JMLR 12, 2011).

    Parameters
    ----------
    learning_rate : float or schedule, default 0.01
        Positive.
    epsilon : float, default 1e-10
        Added to the root, positive.
    clip_value, clip_norm : float, optional
        See ``fastmlp.optimizers.Adam``.

    See Also
    --------
    RMSProp : Squares that fade.
    Adam : The usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Adagrad(0.1).epsilon
    1e-10
    """

    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "adagrad"

    def __post_init__(self) -> None:
        _check(self, epsilon={"above": 0.0})


@dataclass(frozen=True)
class Rprop(StepOptimizer):
    """Resilient propagation: only the sign of the full gradient counts, each parameter has a step size of its own.

    A step grows while the sign stays and shrinks where it changes; there the parameter rests once, and the sign is
    forgotten: iRprop- of Igel and Huesken (2000), as in PyTorch. For small data sets: fit needs ``batch_size=None``.

    Parameters
    ----------
    learning_rate : float, default 0.1
        The first step of every parameter, positive; where a layer has a rate factor, times that.
    eta_minus, eta_plus : float, default 0.5 and 1.2
        Factors of a step that shrinks, in (0, 1), and of one that grows, above 1.
    min_step, max_step : float, default 1e-6 and 50.0
        Bounds of the steps, positive.

    See Also
    --------
    LBFGS : For small networks and all samples at a time.
    Adam : The usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Rprop().eta_plus
    1.2
    """

    learning_rate: float = 0.1
    eta_minus: float = 0.5
    eta_plus: float = 1.2
    min_step: float = 1e-6
    max_step: float = 50.0
    name: ClassVar[str] = "rprop"
    needs_all_samples: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.learning_rate, str | Schedule):
            raise TypeError(
                f"learning_rate of Rprop must be a number (its first step), got {brief(self.learning_rate)}."
            )
        positive = {"above": 0.0}
        _check(
            self,
            eta_minus={"above": 0.0, "below": 1.0},
            eta_plus={"above": 1.0},
            min_step=positive,
            max_step=positive,
        )
        if self.min_step > self.max_step:
            raise ValueError(f"min_step must be at most max_step ({self.max_step}), got {self.min_step}.")


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989): SciPy's L-BFGS-B on the loss of all samples.

    For small data sets, where it converges fast and needs no learning rate; fit needs ``batch_size=None``, and an epoch
    is an iteration. Computes in float64 also for a float32 network, which holds the result of the last iteration.

    Parameters
    ----------
    max_iterations : int, optional
        At least 1; default: the ``epochs`` of fit.
    tolerance : float, default 1e-5
        Ends the fit when no element of the gradient is larger, not negative.
    history : int, default 10
        Pairs of steps and changes of the gradient that approximate the curvature, at least 1.
    loss_tolerance : float, default 2.220446049250313e-16
        Ends the fit when an iteration lowers the loss by less than this part of it (of 1, where it is below 1); the
        default is the precision of float64.
    max_evaluations : int, optional
        Of the loss and its gradient, at least 1; an iteration takes one or more. Default: no limit.

    See Also
    --------
    Rprop : Signs only, all samples in a step.
    Adam : The usual choice.

    Notes
    -----
    Needs SciPy: pip install "scipy>=1.8". Every fit starts without a history.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], dtype="float64", seed=0)
    >>> fitted = net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=50, optimizer=fm.LBFGS(tolerance=1e-9))
    >>> net.get_parameters().round(6)
    array([2., 1.])
    """

    max_iterations: int | None = None
    tolerance: float = 1e-5
    history: int = 10
    loss_tolerance: float = sys.float_info.epsilon
    max_evaluations: int | None = None
    name: ClassVar[str] = "lbfgs"
    needs_all_samples: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("max_iterations", "max_evaluations"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_integer(getattr(self, name), name, minimum=1))
        for name in ("tolerance", "loss_tolerance"):
            object.__setattr__(self, name, check_real(getattr(self, name), name, minimum=0.0))
        object.__setattr__(self, "history", check_integer(self.history, "history", minimum=1))


def _check(settings: Any, **bounds: dict[str, float]) -> None:
    """Put checked values in the place of what was given: learning rate, clipping, and the real numbers with bounds."""

    def put(name: str, value: float | Schedule | None) -> None:
        object.__setattr__(settings, name, value)

    put("learning_rate", resolve_schedule(settings.learning_rate, type(settings).learning_rate))
    for name, limits in bounds.items():
        put(name, check_real(getattr(settings, name), name, **limits))
    for name in ("clip_value", "clip_norm"):
        if getattr(settings, name, None) is not None:
            put(name, check_real(getattr(settings, name), name, above=0.0))


OPTIMIZERS: dict[str, type[Optimizer]] = by_name(SGD, Adam, AdamW, RMSProp, Adagrad, Rprop, LBFGS)


def resolve_optimizer(value: str | Optimizer) -> Optimizer:
    """Return the optimizer object for a name or an object; a wrong name lists the valid ones."""
    return resolve_by_name(value, OPTIMIZERS, "optimizer")
