"""Activations and their derivatives over the pre-activation z, as a layer computes them: one needs nothing here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._checks.arguments import is_list
from fastmlp._drawing.canvas import GREY, OKABE_ITO, axes, light_grid
from fastmlp.activations import Activation, Softmax, resolve_activation
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
    values: bool = True,
) -> Axes:
    """Draw activations (solid) and their derivatives (dashed), or one of them alone.

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
    values : bool, default True
        Whether to draw the activations themselves; derivatives alone are solid.

    Returns
    -------
    matplotlib Axes
        With a line for each activation, each followed by that of its derivative.

    Raises
    ------
    ValueError
        There is no such activation, the span is empty, or there is nothing to draw.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    fastmlp.activations : All of them.

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
    if not (values or derivatives):
        raise ValueError("there is nothing to draw: values or derivatives must be True.")

    ax = axes(ax)
    from matplotlib.lines import Line2D

    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    z = np.linspace(low, high, N_POINTS)
    legend = []
    for index, activation in enumerate(chosen):
        colour = OKABE_ITO[index % len(OKABE_ITO)]
        if values:
            legend += ax.plot(z, activation(z), color=colour, linewidth=2, label=activation.name)
        if values and derivatives:
            of = f"{activation.name} derivative"
            ax.plot(z, activation.derivative(z), color=colour, linewidth=1.6, linestyle="--", label=of)
        elif derivatives:
            legend += ax.plot(z, activation.derivative(z), color=colour, linewidth=2, label=activation.name)
    if values and derivatives:
        # one entry for all, or the legend would cover the curves
        legend.append(Line2D([], [], color=GREY, linewidth=1.6, linestyle="--", label="derivative"))
    ax.set_xlabel("pre-activation z")
    names_of_curves = ["activation a"] * values + ["derivative da/dz"] * derivatives
    ax.set_ylabel(", ".join(names_of_curves))
    ax.set_xlim(low, high)
    ax.legend(handles=legend)
    light_grid(ax)
    return ax
