"""The optimizers by name, as frozen settings; the update itself is a tile kernel in cpp/kernels/optimizer-inl.hpp.

The state (momentum, moments) belongs to the network and is kept from one fit to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastmlp._validation import check_flag, check_real, resolve_by_name


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum: v = momentum v + g, w = w - learning_rate v.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Positive.
    momentum : float, default 0.0
        In [0, 1).
    nesterov : bool, default False
        Step along g + momentum v instead of v (Sutskever et al., ICML 2013, in PyTorch's form).

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.SGD(0.1, momentum=0.9, nesterov=True)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    name: ClassVar[str] = "sgd"

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", check_real(self.learning_rate, "learning_rate", above=0.0))
        object.__setattr__(self, "momentum", check_real(self.momentum, "momentum", minimum=0.0, below=1.0))
        object.__setattr__(self, "nesterov", check_flag(self.nesterov, "nesterov"))
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("nesterov=True needs a momentum above 0, got 0.0: give momentum=0.9, for example.")


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, ICLR 2015) in PyTorch's form: both moments are corrected, then epsilon is added.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Positive.
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the first and second moment, in [0, 1).
    epsilon : float, default 1e-8
        Added to the root of the second moment, positive.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Adam(1e-3)
    Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "adam"

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", check_real(self.learning_rate, "learning_rate", above=0.0))
        object.__setattr__(self, "beta1", check_real(self.beta1, "beta1", minimum=0.0, below=1.0))
        object.__setattr__(self, "beta2", check_real(self.beta2, "beta2", minimum=0.0, below=1.0))
        object.__setattr__(self, "epsilon", check_real(self.epsilon, "epsilon", above=0.0))


Optimizer = SGD | Adam

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (SGD, Adam)}


def resolve_optimizer(value: str | Optimizer) -> Optimizer:
    """Return the optimizer object for a name or an object; a wrong name lists the valid ones."""
    return resolve_by_name(value, OPTIMIZERS, "optimizer")
