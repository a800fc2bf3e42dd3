"""How the weights of a layer are drawn before training: by name, or as small frozen objects.

An initializer says which distribution the numbers come from, given the layer's inputs and units; the numbers themselves
are drawn in cpp/core/network.cpp, where also stands what is usual for each activation (``initializer=None``). Biases
start at 0. Formulas and sources: docs/math.md. A catalogue: a long file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from fastmlp._checks.arguments import check_real
from fastmlp._checks.registry import by_name, resolve_by_name

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "Uniform",
    "Zeros",
]


class Initializer:
    """What every initializer says of itself.

    Attributes
    ----------
    name : str
        The one by which model files know it.

    See Also
    --------
    fastmlp.Dense : Takes one, by name or as an object.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.initializers.HeUniform().draw(6, 500)
    ('uniform', 1.0)
    """

    name: ClassVar[str]

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution that the weights of a layer of this size come from, and its one number."""
        raise NotImplementedError


@dataclass(frozen=True)
class HeUniform(Initializer):
    """Uniform with variance 2 / inputs, for relu kinds (He, Zhang, Ren and Sun, ICCV 2015).

    See Also
    --------
    HeNormal : From a normal distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(6, [fm.Dense(500, "relu", initializer="he_uniform")], seed=0)
    >>> bool(abs(net.layers[0].weights).max() <= 1)  # sqrt(6 / 6)
    True
    """

    name: ClassVar[str] = "he_uniform"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its bound."""
        return "uniform", math.sqrt(6.0 / n_in)


@dataclass(frozen=True)
class HeNormal(Initializer):
    """Normal with variance 2 / inputs, for relu kinds (He, Zhang, Ren and Sun, ICCV 2015).

    See Also
    --------
    HeUniform : From a uniform distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(50, [fm.Dense(500, "relu", initializer="he_normal")], seed=0)
    >>> f"{net.layers[0].weights.std():.2f}"  # sqrt(2 / 50)
    '0.20'
    """

    name: ClassVar[str] = "he_normal"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its standard deviation."""
        return "normal", math.sqrt(2.0 / n_in)


@dataclass(frozen=True)
class GlorotUniform(Initializer):
    """Uniform with variance 2 / (inputs + units), for tanh and its like (Glorot and Bengio, AISTATS 2010).

    See Also
    --------
    GlorotNormal : From a normal distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(4, "tanh", initializer="glorot_uniform")], seed=0)
    >>> bool(abs(net.layers[0].weights).max() <= 1)  # sqrt(6 / (2 + 4))
    True
    """

    name: ClassVar[str] = "glorot_uniform"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its bound."""
        return "uniform", math.sqrt(6.0 / (n_in + n_out))


@dataclass(frozen=True)
class GlorotNormal(Initializer):
    """Normal with variance 2 / (inputs + units), for tanh and its like (Glorot and Bengio, AISTATS 2010).

    See Also
    --------
    GlorotUniform : From a uniform distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(100, [fm.Dense(100, "tanh", initializer="glorot_normal")], seed=0)
    >>> f"{net.layers[0].weights.std():.2f}"  # sqrt(2 / (100 + 100))
    '0.10'
    """

    name: ClassVar[str] = "glorot_normal"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its standard deviation."""
        return "normal", math.sqrt(2.0 / (n_in + n_out))


@dataclass(frozen=True)
class LecunUniform(Initializer):
    """Uniform with variance 1 / inputs (LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998).

    See Also
    --------
    LecunNormal : From a normal distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(3, [fm.Dense(500, "tanh", initializer="lecun_uniform")], seed=0)
    >>> bool(abs(net.layers[0].weights).max() <= 1)  # sqrt(3 / 3)
    True
    """

    name: ClassVar[str] = "lecun_uniform"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its bound."""
        return "uniform", math.sqrt(3.0 / n_in)


@dataclass(frozen=True)
class LecunNormal(Initializer):
    """Normal with variance 1 / inputs (LeCun et al., Efficient BackProp, 1998), for selu (Klambauer et al., 2017).

    See Also
    --------
    LecunUniform : From a uniform distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(100, [fm.Dense(100, "selu", initializer="lecun_normal")], seed=0)
    >>> f"{net.layers[0].weights.std():.2f}"  # sqrt(1 / 100)
    '0.10'
    """

    name: ClassVar[str] = "lecun_normal"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its standard deviation."""
        return "normal", math.sqrt(1.0 / n_in)


@dataclass(frozen=True)
class Zeros(Initializer):
    """All weights 0: right for a single layer, whose units see the same inputs but different targets.

    Units of a hidden layer that start alike stay alike.

    See Also
    --------
    Constant : All equal.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network(2, [fm.Dense(1, "sigmoid", initializer="zeros")]).layers[0].weights.tolist()
    [[0.0], [0.0]]
    """

    name: ClassVar[str] = "zeros"

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its value."""
        return "constant", 0.0


@dataclass(frozen=True)
class Constant(Initializer):
    """All weights equal to ``value``; only as an object, for there is no usual value.

    Parameters
    ----------
    value : float
        Finite.

    See Also
    --------
    Zeros : All 0.

    Examples
    --------
    >>> import fastmlp as fm
    >>> half = fm.initializers.Constant(0.5)
    >>> fm.Network(2, [fm.Dense(1, initializer=half)]).layers[0].weights.tolist()
    [[0.5], [0.5]]
    """

    value: float
    name: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", check_real(self.value, "value"))

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its value."""
        return "constant", self.value


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform between -bound and bound; only as an object, for there is no usual bound.

    Parameters
    ----------
    bound : float
        At least 0.

    See Also
    --------
    Normal : With a deviation of your own.
    HeUniform : From a uniform distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(9, [fm.Dense(500, initializer=fm.initializers.Uniform(0.05))], seed=0)
    >>> bool(abs(net.layers[0].weights).max() <= 0.05)
    True
    """

    bound: float
    name: ClassVar[str] = "uniform"

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", check_real(self.bound, "bound", minimum=0.0))

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its bound."""
        return "uniform", self.bound


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal with mean 0; only as an object, for there is no usual standard deviation.

    Parameters
    ----------
    deviation : float
        Standard deviation, at least 0.

    See Also
    --------
    Uniform : With a bound of your own.
    HeNormal : From a normal distribution.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(100, [fm.Dense(100, initializer=fm.initializers.Normal(0.01))], seed=0)
    >>> f"{net.layers[0].weights.std():.3f}"
    '0.010'
    """

    deviation: float
    name: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "deviation", check_real(self.deviation, "deviation", minimum=0.0))

    def draw(self, n_in: int, n_out: int) -> tuple[str, float]:
        """Return the distribution and its standard deviation."""
        return "normal", self.deviation


# those that need no number, by name
NAMED: dict[str, type[Initializer]] = by_name(
    HeUniform, HeNormal, GlorotUniform, GlorotNormal, LecunUniform, LecunNormal, Zeros
)
# all of them, as model files know them
INITIALIZERS: dict[str, type[Initializer]] = NAMED | by_name(Constant, Uniform, Normal)


def resolve_initializer(value: str | Initializer | None) -> Initializer | None:
    """Return the initializer for a name or an object; None stays: what is usual for the activation."""
    if value is None or (isinstance(value, Initializer) and type(value) in INITIALIZERS.values()):
        return value
    return resolve_by_name(value, NAMED, "initializer")
