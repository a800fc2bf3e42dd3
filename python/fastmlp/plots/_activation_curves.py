"""Activations and their derivatives over the pre-activation z.

Both come from a network of one unit, forward and by backpropagation, so that what is drawn is what is computed, and an
activation needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._checks.arguments import is_list
from fastmlp._drawing.canvas import GREY, OKABE_ITO, Array, axes, light_grid
from fastmlp.activations import Activation, Softmax, resolve_activation
from fastmlp.layers import Dense
from fastmlp.network import Network
from fastmlp.plots._checks import check_span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# odd, so that a span around 0 has a point at 0, where the kinks are
N_POINTS = 801


def activation_curves(
    names: str | Activation | Iterable[str | Activation],
    derivatives: bool = True,
    span: tuple[float, float] = (-4, 4),
    ax: Axes | None = None,
) -> Axes:
    """Draw activations (solid) and their derivatives (dashed).

    Parameters
    ----------
    names : str, activation object, or list of these
        See ``fastmlp.activations``; softmax, which works on whole rows, has no such curve.
    derivatives : bool, default True
        Whether to draw the derivatives.
    span : (low, high), default (-4, 4)
        Of the pre-activation.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        With a line for each activation, each followed by that of its derivative.

    Raises
    ------
    ValueError
        There is no such activation, or the span is empty.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> ax = fm.plots.activation_curves(["sigmoid", "tanh"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['sigmoid', 'tanh', 'derivative']
    """
    given: Any = [names] if isinstance(names, str) or not is_list(names) else names
    chosen = [resolve_activation(name) for name in given]
    if not chosen:
        raise ValueError("names is empty: give an activation to draw, 'relu' for example.")
    if any(isinstance(activation, Softmax) for activation in chosen):
        raise ValueError("softmax has no curve: its outputs depend on the whole row, not on one pre-activation.")
    low, high = check_span(span)

    ax = axes(ax)
    from matplotlib.lines import Line2D

    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    z = np.linspace(low, high, N_POINTS)
    legend = []
    for index, activation in enumerate(chosen):
        values, slopes = _value_and_derivative(activation, z)
        colour = OKABE_ITO[index % len(OKABE_ITO)]
        legend += ax.plot(z, values, color=colour, linewidth=2, label=activation.name)
        if derivatives:
            ax.plot(z, slopes, color=colour, linewidth=1.6, linestyle="--", label=f"{activation.name} derivative")
    if derivatives:
        # one entry for all, or the legend would cover the curves
        legend.append(Line2D([], [], color=GREY, linewidth=1.6, linestyle="--", label="derivative"))
    ax.set_xlabel("pre-activation z")
    ax.set_ylabel("activation a, derivative da/dz" if derivatives else "activation a")
    ax.set_xlim(low, high)
    ax.legend(handles=legend)
    light_grid(ax)
    return ax


def _value_and_derivative(activation: Activation, z: Array) -> tuple[Array, Array]:
    """Return a(z) and da/dz of a unit with weight 1 and bias 0."""
    unit = Network(1, [Dense(1, activation)], loss="half_squared_error", dtype="float64", seed=0)
    unit.layers[0].weights[:] = 1
    unit.layers[0].bias[:] = 0
    values = unit.forward(z.reshape(-1, 1))
    # with targets one below the outputs d(loss)/da is 1 for each sample, and the mean divides by their number
    slopes = len(z) * unit.gradients(z.reshape(-1, 1), values - 1).inputs
    return values[:, 0], slopes[:, 0]
