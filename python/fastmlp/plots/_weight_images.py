"""The weights into each unit, as images of the inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer
from fastmlp._checks.text import brief
from fastmlp._drawing.canvas import axes, colour_bar
from fastmlp.plots._checks import check_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weight_images(
    weights: npt.ArrayLike, shape: tuple[int, int] | None = None, columns: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the weights into each unit as an image of the inputs, all in one mosaic.

    Parameters
    ----------
    weights : array (inputs, units)
        Such as ``network.layers[0].weights``.
    shape : (height, width), optional
        Of the images that the inputs are; default: square.
    columns : int, optional
        Images beside each other; default: as makes the mosaic about square.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        With one image, in which NaN is the gap between units; unit 0 is at the top left, unit 1 on its right.

    Raises
    ------
    ValueError
        The inputs do not fill the shape.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    hidden_space : Behind a hidden layer.
    network_diagram : All units and weights.

    Notes
    -----
    Blue weights are positive, red ones negative, white ones 0, on one scale for all units.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(64, [fm.Dense(6, "relu"), fm.Dense(10, "softmax")], seed=0)
    >>> ax = fm.plots.weight_images(net.layers[0].weights, columns=3)
    >>> ax.images[0].get_array().shape  # 2 rows and 3 columns of 8 x 8, with gaps of 1
    (17, 26)
    """
    values = check_rows(weights, "weights")
    n_inputs, units = values.shape
    height, width = _shape(shape, n_inputs)
    if columns is None:
        columns = math.ceil(math.sqrt(units * height / width))
    columns = min(check_integer(columns, "columns", minimum=1), units)
    rows = -(-units // columns)

    mosaic = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for unit in range(units):
        top, left = (height + 1) * (unit // columns), (width + 1) * (unit % columns)
        mosaic[top : top + height, left : left + width] = values[:, unit].reshape(height, width)
    limit = np.abs(values).max() or 1.0
    ax = axes(ax)
    image = ax.imshow(mosaic, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_facecolor("#BBBBBB")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(f"weights into {units} {'unit' if units == 1 else 'units'} from {height} x {width} inputs")
    colour_bar(ax, image, "weight")
    return ax


def _shape(shape: tuple[int, int] | None, n_inputs: int) -> tuple[int, int]:
    if shape is None:
        side = math.isqrt(n_inputs)
        if side * side != n_inputs:
            raise ValueError(f"weights has {n_inputs} rows, which fill no square image: give shape=(height, width).")
        return side, side
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise TypeError(f"shape must be (height, width), got {brief(shape)}.")
    height, width = (check_integer(length, "shape", minimum=1) for length in shape)
    if height * width != n_inputs:
        raise ValueError(
            f"shape {height} x {width} has {height * width} pixels, but weights has {n_inputs} rows: they must agree."
        )
    return height, width
