"""What a network is made of: descriptions of layers: Dense, Maxout, Dropout, LayerNorm.

What is said of a layer elsewhere (its name in files, in a summary, what the core is told) is asked of it here. The
scalings of inputs are in scalings.py; in which order layers may stand is said in _model/stack.py, and the layer of a
built network is in _model/dense_layer.py. Examples make this a long file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp.activations import Activation, Identity, resolve_activation
from fastmlp.initializers import Initializer, resolve_initializer

# what the core can pad without overflow; far smaller ones already end in a MemoryError that names the bytes
MAX_UNITS = 2**56 - 1


class Layer:
    """What every layer of the list that makes a network says of itself.

    Attributes
    ----------
    name : str
        The one by which model files know it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dropout(0.5).title, fm.Dropout(0.5).spelled
    ('dropout 0.5', 'Dropout(0.5)')
    """

    name: ClassVar[str]

    @property
    def title(self) -> str:
        """What it is called in a table of layers."""
        return self.name

    @property
    def spelled(self) -> str:
        """How it is written in the short description of a network."""
        return f"{type(self).__name__}()"

    @property
    def core_settings(self) -> dict[str, Any]:
        """What the core is told: of the layer itself, or of the layer with weights after it."""
        return {}


class WeightedLayer(Layer):
    """A layer with weights and a bias: units of linear functions, and what is made of them.

    Attributes
    ----------
    units : int
        Outputs.
    l1, l2 : float or None
    weight_rate_factor, bias_rate_factor : float

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Maxout(3).pieces, fm.Dense(3).pieces
    (2, 1)
    """

    units: int
    l1: float | None
    l2: float | None
    weight_rate_factor: float
    bias_rate_factor: float

    @property
    def pieces(self) -> int:
        """Linear functions of each unit: the weights have units times as many columns."""
        return 1

    @property
    def activation_object(self) -> Activation:
        """What is made of the sums; of several for each unit, their maximum."""
        return Identity()

    @property
    def initializer_object(self) -> Initializer | None:
        """How weights are drawn; None: as usual for the activation."""
        return None

    @property
    def rate_factors(self) -> tuple[float, float]:
        """Factors on the learning rate, of the weights and of the bias."""
        return self.weight_rate_factor, self.bias_rate_factor

    @property
    def core_settings(self) -> dict[str, Any]:
        """Everything but how the weights are drawn, which depends on the inputs."""
        return {
            "units": self.units,
            "activation": self.activation_object.name,
            "parameter": self.activation_object.parameter,
            "pieces": self.pieces,
            "l1": self.l1 or 0.0,
            "l2": self.l2 or 0.0,
            "weight_rate_factor": self.weight_rate_factor,
            "bias_rate_factor": self.bias_rate_factor,
        }


@dataclass(frozen=True)
class Dense(WeightedLayer):
    """A fully connected layer: a = activation(x W + b), W of shape (inputs, units).

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str or activation object, default "identity"
        A name or an object of ``fastmlp.activations``, or a formula in x: ``"x*sigmoid(1.702*x)"``.
    l1, l2 : float, optional
        Penalties of this layer's weights, in place of the network's.
    initializer : str or initializer object, optional
        How the weights are drawn, see ``fastmlp.initializers``; default: as usual for the activation.
    weight_rate_factor, bias_rate_factor : float, default 1.0
        Factors on the optimizer's learning rate for the weights and for the bias of this layer, at least 0. Factor 0
        freezes them: they keep their bits, and their gradients do not count for ``clip_norm``. Not for LBFGS.

    See Also
    --------
    Maxout : The largest of several linear functions.
    fastmlp.activations : What may follow.

    Notes
    -----
    With Adam, ``initializer="lecun_normal"`` and ``weight_rate_factor=inputs**-0.5`` train the weights in the neural
    tangent parametrization (Jacot, Gabriel and Hongler, NeurIPS 2018).

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dense(128, "relu")
    Dense(units=128, activation=ReLU(), l1=None, l2=None)
    >>> fm.Dense(128, "tanh", initializer="lecun_normal")
    Dense(units=128, activation=Tanh(), l1=None, l2=None, initializer=LecunNormal())

    A frozen layer, and one whose bias learns ten times slower than its weights:

    >>> frozen = fm.Dense(9, "tanh", weight_rate_factor=0, bias_rate_factor=0)
    >>> net = fm.Network(2, [frozen, fm.Dense(1, bias_rate_factor=0.1)], seed=0)
    >>> before = net.layers[0].weights.copy()
    >>> history = net.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])
    >>> bool((net.layers[0].weights == before).all()), bool(net.layers[1].bias != 0)
    (True, True)
    """

    units: int
    activation: str | Activation = "identity"
    l1: float | None = None
    l2: float | None = None
    initializer: str | Initializer | None = field(default=None, kw_only=True)
    weight_rate_factor: float = field(default=1.0, kw_only=True)
    bias_rate_factor: float = field(default=1.0, kw_only=True)
    name: ClassVar[str] = "dense"

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1, maximum=MAX_UNITS))
        object.__setattr__(self, "activation", resolve_activation(self.activation))
        object.__setattr__(self, "initializer", resolve_initializer(self.initializer))
        _check_numbers(self)

    def __repr__(self) -> str:
        return _text_of(self)

    @property
    def activation_object(self) -> Activation:
        """The activation."""
        return resolve_activation(self.activation)

    @property
    def initializer_object(self) -> Initializer | None:
        """The initializer that was given."""
        return resolve_initializer(self.initializer)

    @property
    def title(self) -> str:
        """The activation."""
        return self.activation_object.spelled

    @property
    def spelled(self) -> str:
        """Units and activation."""
        return f"Dense({self.units}, {self.activation_object.spelled!r})"


@dataclass(frozen=True)
class Dropout(Layer):
    """Drop what goes into the next layer while training: each value becomes 0 with probability ``rate``.

    What stays is divided by 1 - rate ("inverted" dropout), so that evaluation, which drops nothing, sees the same
    means. Before the first layer it drops inputs. Gradients, losses and predictions are those without dropout.

    Parameters
    ----------
    rate : float
        In [0, 1).

    See Also
    --------
    LayerNorm : Normalize between two layers.
    Dense : The usual layer.

    Notes
    -----
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, JMLR 15, 2014. What is dropped depends
    on the seed, the epoch, the sample's place in it, the layer and the unit, and on nothing else.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(64, [fm.Dropout(0.1), fm.Dense(32, "relu"), fm.Dropout(0.5), fm.Dense(10, "softmax")], seed=0)
    >>> len(net.layers), net.dropout
    (2, (0.1, 0.5))
    """

    rate: float
    name: ClassVar[str] = "dropout"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", check_real(self.rate, "rate", minimum=0.0, below=1.0))

    @property
    def title(self) -> str:
        """Name and rate."""
        return f"dropout {self.rate:g}"

    @property
    def spelled(self) -> str:
        """The call with its rate."""
        return f"Dropout({self.rate:g})"

    @property
    def core_settings(self) -> dict[str, Any]:
        """The rate."""
        return {"dropout": self.rate}


@dataclass(frozen=True)
class Maxout(WeightedLayer):
    """A layer of maxout units: each is the largest of ``pieces`` linear functions of the inputs.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    pieces : int, default 2
        Linear functions of each unit, at least 2. The weights have shape (inputs, pieces * units), piece after piece.
    l1, l2 : float, optional
        Penalties of this layer's weights, in place of the network's.
    weight_rate_factor, bias_rate_factor : float, default 1.0
        As for ``Dense``.

    See Also
    --------
    Dense : The usual layer.

    Notes
    -----
    I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio, Maxout networks, ICML 2013.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Maxout(1, pieces=2), fm.Dense(1)])
    >>> net.set_parameters([1.0, -1.0, 0.0, 0.0, 1.0, 0.0])  # max(x, -x)
    >>> net.predict([[-3.0], [2.0]])
    array([3., 2.], dtype=float32)
    """

    units: int
    pieces: int = 2
    l1: float | None = None
    l2: float | None = None
    weight_rate_factor: float = field(default=1.0, kw_only=True)
    bias_rate_factor: float = field(default=1.0, kw_only=True)
    name: ClassVar[str] = "maxout"

    def __post_init__(self) -> None:
        pieces = check_integer(self.pieces, "pieces", minimum=2, maximum=MAX_UNITS)
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1, maximum=MAX_UNITS // pieces))
        object.__setattr__(self, "pieces", pieces)
        _check_numbers(self)

    def __repr__(self) -> str:
        return _text_of(self)

    @property
    def title(self) -> str:
        """Name and pieces."""
        return f"maxout of {self.pieces}"

    @property
    def spelled(self) -> str:
        """The call with units and pieces."""
        return f"Maxout({self.units}, {self.pieces})"


def _check_numbers(layer: WeightedLayer) -> None:
    """Settle the penalties that a layer was given, and its factors on the learning rate."""
    penalties = [name for name in ("l1", "l2") if getattr(layer, name) is not None]
    for name in (*penalties, "weight_rate_factor", "bias_rate_factor"):
        object.__setattr__(layer, name, check_real(getattr(layer, name), name, minimum=0.0))


def _text_of(layer: Dense | Maxout) -> str:
    """Return the repr of a layer, without those keyword-only arguments that have their defaults."""
    shown = [part.name for part in fields(layer) if not part.kw_only or getattr(layer, part.name) != part.default]
    return f"{type(layer).__name__}({', '.join(f'{name}={getattr(layer, name)!r}' for name in shown)})"


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Normalize what goes into the next layer over its units: (a - mean) / sqrt(variance + 1e-5), sample by sample.

    It has no gain and bias of its own: the weights and the bias of the layer after it do what they would do.

    See Also
    --------
    Dropout : Leave inputs out while training.
    Dense : The usual layer.

    Notes
    -----
    J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv:1607.06450, 2016.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(8, [fm.Dense(16, "relu"), fm.LayerNorm(), fm.Dense(3, "softmax")], seed=0)
    >>> net.summary().splitlines()[2].split()
    ['layernorm', '0']
    """

    name: ClassVar[str] = "layernorm"

    @property
    def core_settings(self) -> dict[str, Any]:
        """That it is there."""
        return {"normalizes": True}
