"""The calculation of a network for one sample, written out as a student writes it: forward, loss, backward, update.

All results are the core's; what is written before them says how they come about. How it is written: _explanation/.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.arrays import check_finite_layers, check_row
from fastmlp._checks.text import brief
from fastmlp._explanation.network import Calculation, target_of
from fastmlp._explanation.sections import Section, as_html, as_latex, as_text
from fastmlp.layers import Dense
from fastmlp.network import Network, model_of

__all__ = ["Explanation", "explain"]

MOST_LINES = 1000


@dataclass(frozen=True)
class Explanation:
    """What ``explain`` returns; printed, it is text, and in a notebook HTML.

    See Also
    --------
    explain : Makes one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "sigmoid")], dtype="float64")
    >>> net.set_parameters([2.0, -1.0])
    >>> print(fm.explain(net, [0.5], digits=2))
    sample: x = [0.50]
    layer 1, sigmoid: z1 = x W1 + b1, a1 = sigmoid(z1)
      z1[0] = 0.50 * 2 - 1 = 0
      a1[0] = sigmoid(0) = 0.50
    """

    _sections: tuple[Section, ...]
    _digits: int

    def __str__(self) -> str:
        return as_text(self._sections, self._digits)

    def _repr_html_(self) -> str:
        return as_html(self._sections, self._digits)

    def to_html(self) -> str:
        """Return the calculation as HTML, a heading and a table for each section."""
        return as_html(self._sections, self._digits)

    def to_latex(self) -> str:
        r"""Return the calculation as LaTeX, which needs the package amsmath.

        Returns
        -------
        str
            Source for a document with amsmath.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], dtype="float64")
        >>> net.set_parameters([2.0, -1.0])
        >>> fm.explain(net, [3.0]).to_latex().splitlines()[-2]
        'z_{1}^{(1)} &= 3 \\cdot 2 - 1 = 5'
        """
        return as_latex(self._sections, self._digits)


def explain(
    net: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    learning_rate: float | None = None,
    digits: int = 4,
) -> Explanation:
    """Write out what a network computes for one sample, step by step, with all numbers.

    Parameters
    ----------
    net : Network
        Of Dense layers, of so many weights that a page can hold them.
    x : array-like (inputs,)
        The sample.
    y : optional
        Its target: a label, a number, or one for each output. Without it only the way forward is written.
    learning_rate : float, optional
        Of a step of gradient descent, whose new weights are written too; with y alone.
    digits : int, default 4
        Behind the point; whole numbers are written without.

    Returns
    -------
    Explanation
        The calculation, as text, HTML or LaTeX.

    Raises
    ------
    TypeError, ValueError
        The network has other layers than Dense, scaled targets or too many weights, or the sample does not fit.

    See Also
    --------
    Network.gradients : The same numbers as arrays.
    fastmlp.plots.network_diagram : They as a picture.
    fastmlp.plots.computational_graph : Each operation of the reference.

    Notes
    -----
    delta is dL/dz: backpropagation as in Rumelhart, Hinton and Williams, Nature 323, 1986.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1, "tanh")], loss="half_squared_error", dtype="float64")
    >>> net.set_parameters([0.5, -0.5, 0.25])
    >>> print(fm.explain(net, [1.0, 2.0], [1.0], learning_rate=0.1, digits=3))
    sample: x = [1, 2], y = [1]
    layer 1, tanh: z1 = x W1 + b1, a1 = tanh(z1)
      z1[0] = 1 * 0.500 + 2 * (-0.500) + 0.250 = -0.250
      a1[0] = tanh(-0.250) = -0.245
    loss, half_squared_error
      L = 1/2 * (-0.245 - 1)^2 = 0.775
    backward, layer 1: delta1 = dL/dz1
      delta1[0] = dL/da1[0] * tanh'(z1[0]) = (-1.245) * 0.940 = -1.170
      dL/dW1[0,0] = x[0] * delta1[0] = 1 * (-1.170) = -1.170
      dL/dW1[1,0] = x[1] * delta1[0] = 2 * (-1.170) = -2.340
      dL/db1[0] = delta1[0] = -1.170
    update, layer 1: new = old - 0.100 * gradient
      W1[0,0] = 0.500 - 0.100 * (-1.170) = 0.617
      W1[1,0] = -0.500 - 0.100 * (-2.340) = -0.266
      b1[0] = 0.250 - 0.100 * (-1.170) = 0.367
    """
    if not isinstance(net, Network):
        raise TypeError(f"net must be a Network, got {brief(net)}.")
    model = model_of(net)
    if any(type(part.layer) is not Dense or part.normalizes for part in model.architecture.placed):
        raise ValueError("explain writes out networks of Dense layers alone, but this one has others.")
    if model.architecture.embedding is not None:
        kind = type(model.architecture.embedding).__name__
        raise ValueError(f"explain writes out networks of Dense layers alone, but this one has {kind}.")
    if model.target_scaling is not None:
        raise ValueError("explain does not write out scaled targets: explain a network without scale_targets.")
    digits = check_integer(digits, "digits", minimum=0, maximum=15)
    if learning_rate is not None:
        learning_rate = check_real(learning_rate, "learning_rate", above=0.0)
        if y is None:
            raise ValueError("learning_rate needs a target: without y there is no gradient to follow.")
    check_finite_layers(net.layers)
    inputs = check_row(x, net.n_inputs, model.architecture.dtype)
    target = None if y is None else target_of(model, inputs, y)
    lines = net.n_parameters * (1 + (y is not None) + (learning_rate is not None))
    if lines > MOST_LINES:
        raise ValueError(
            f"this network has {net.n_parameters} weights and biases, too many to write out: use net.gradients(X, y), "
            "whose arrays hold the same numbers."
        )
    return Explanation(tuple(Calculation(model, inputs, target).sections(learning_rate)), digits)
