"""A film of a training: what the network answers, epoch by epoch, and the loss beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer
from fastmlp._drawing.canvas import axes
from fastmlp._drawing.learning_curves import learning_curves
from fastmlp._model.outputs import is_classifier
from fastmlp.network import Network, model_of
from fastmlp.plots._checks import check_rows
from fastmlp.plots._decision_regions import decision_regions
from fastmlp.plots._regression import curve, surface

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

# a film of a few seconds
_FRAMES, _MOST_FRAMES, _MILLISECONDS = 50, 500, 100
# points along each axis, of a frame that is seen for a tenth of a second
_RESOLUTION = 80


def animate_training(
    network: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int = 100,
    every: int | None = None,
    **fit_arguments: Any,
) -> FuncAnimation:
    """Train a network and return the film of it: regions, curve or surface on the left, losses on the right.

    Parameters
    ----------
    network : Network
        With one input or two; it is trained by ``fit`` as it would be without a film, bit for bit.
    X, y : array-like
        As for ``fit``; they are drawn.
    epochs : int, default 100
        As for ``fit``.
    every : int, optional
        Epochs from one frame to the next; default: so many that there are about 50 frames.
    **fit_arguments : keyword arguments
        The other arguments of ``fit``.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        ``save("training.gif", writer="pillow")`` writes it, ``to_jshtml()`` returns it as HTML with buttons.

    Raises
    ------
    TypeError
        It is not a network.
    ValueError
        It has more than two inputs, or there would be more than 500 frames; what ``fit`` raises.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    decision_regions, curve, surface : A frame's left side.
    learning_curves : Its right side.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(100, seed=0)
    >>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> film = fm.plots.animate_training(net, X, y, epochs=20, every=5, optimizer=fm.Adam(0.05))
    >>> html = film.to_jshtml()
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, got {type(network).__name__}.")
    if network.n_inputs > 2:
        raise ValueError(f"the network has {network.n_inputs} inputs, but a film shows one or two: choose two of them.")
    epochs = check_integer(epochs, "epochs", minimum=1)
    every = max(1, round(epochs / _FRAMES)) if every is None else check_integer(every, "every", minimum=1)
    if epochs // every > _MOST_FRAMES:
        raise ValueError(f"there would be {epochs // every} frames, but at most {_MOST_FRAMES} are made: raise every.")
    check_rows(X, "X", network.n_inputs)
    axes()  # says what to install where matplotlib is missing, before hours of training
    from matplotlib import pyplot as plt
    from matplotlib.animation import FuncAnimation

    plt.close()
    taken = [(0, network.get_parameters())]
    n_seen = 0

    def take(trained: Network, _: Any) -> None:
        nonlocal n_seen
        n_seen += 1
        if n_seen % every == 0 or n_seen == epochs:
            taken.append((n_seen, trained.get_parameters()))

    history = network.fit(X, y, epochs=epochs, callbacks=[*fit_arguments.pop("callbacks", ()), take], **fit_arguments)
    # with a scaling that the fit has learned
    shown = network.copy()
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.0), layout="constrained")
    losses = [name for name in history if name.endswith("loss")]
    highest = max((value for name in losses for value in history[name] if np.isfinite(value)), default=1.0)

    def draw(frame: int) -> None:
        epoch, parameters = taken[frame]
        shown.set_parameters(parameters)
        left.clear()
        right.clear()
        _draw_answers(shown, X, y, left)
        left.set_title(f"epoch {epoch}")
        learning_curves({name: history[name][: max(epoch, 1)] for name in ["epoch", *losses]}, ax=right)
        right.set_xlim(history["epoch"][0], history["epoch"][-1] + (len(history["epoch"]) == 1))
        right.set_ylim(0, 1.05 * highest)
        right.get_legend().set_loc("upper right")

    return FuncAnimation(figure, draw, frames=len(taken), interval=_MILLISECONDS)


def _draw_answers(network: Network, X: Any, y: Any, ax: Any) -> None:
    if network.n_inputs == 1:
        curve(network, X, y, ax=ax)
    elif not is_classifier(model_of(network).architecture.meaning):
        surface(network, X, y, ax=ax)
    else:
        decision_regions(network, X, y, ax=ax, resolution=_RESOLUTION)
