"""A doctor for other people's backpropagation: where it differs from ours, and the likely reason.

The search for the reason is in _diagnosis/; here are what a user calls, what comes back, and the network's own values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_real
from fastmlp._checks.text import brief
from fastmlp._diagnosis.given import Given, given_gradients
from fastmlp._diagnosis.network import roundoff_of, values_of, without_scaling
from fastmlp._diagnosis.search import Explanation, Search
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp.layers import Dense
from fastmlp.network import Network, model_of

__all__ = ["Diagnosis", "diagnose_gradients"]

Array = npt.NDArray[Any]
# of an array's largest entry, for each unit roundoff
_TOLERANCES = {2.0**-53: 1e-6, 2.0**-24: 1e-4, 2.0**-11: 1e-2}


@dataclass(frozen=True)
class Diagnosis:
    """What ``diagnose_gradients`` found; printed, a few lines for whoever wrote the program.

    Attributes
    ----------
    wrong : tuple of str
        The arrays that differ, such as "layer 1 weights", from the last layer down.
    mistakes : tuple of str
        What is wrong with them, a sentence for each mistake; empty where nothing is wrong or no known mistake fits.
    kinds : tuple of str
        A word or two for each of them, such as "sign", "sum for mean", "derivative forgotten".
    others : tuple of str
        Other single mistakes that give the same numbers for these samples.
    unexplained : tuple of str
        Where no known mistake fits: how the arrays that are wrong differ from the right ones, a sentence for each.

    See Also
    --------
    diagnose_gradients : Makes one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error", seed=0)
    >>> X, y = [[1.0], [2.0]], [1.0, 3.0]
    >>> right = net.gradients(X, y)
    >>> diagnosis = fm.diagnose_gradients(net, X, y, weights=[-right.weights[0]], biases=[-right.biases[0]])
    >>> diagnosis.kinds
    ('sign',)
    """

    wrong: tuple[str, ...]
    mistakes: tuple[str, ...]
    kinds: tuple[str, ...]
    others: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether all arrays agree."""
        return not self.wrong and not self.mistakes

    def __str__(self) -> str:
        if self.is_right:
            return "all gradients are right"
        lines = [f"wrong: {', '.join(self.wrong)}"] if self.wrong else []
        if len(self.mistakes) + bool(self.unexplained) > 1:
            lines.append("more than one mistake:")
        lines += [f"- {sentence}" for sentence in self.mistakes]
        lines += [f"  or, which gives the same numbers here: {sentence}" for sentence in self.others]
        if self.unexplained:
            layer = self.unexplained[0].partition(":")[0]
            lines.append(f"- no known mistake gives {'these' if not self.mistakes else 'the other'} numbers:")
            lines += [f"  {sentence}" for sentence in self.unexplained]
            if len(self.unexplained) > 1:
                lines.append(f"  look first at {layer}: what is wrong in a layer spoils all layers below")
            lines.append("  is net.loss(X, y) your own loss? with other weights or data all gradients are others")
        return "\n".join(lines)


def diagnose_gradients(
    net: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    weights: Sequence[npt.ArrayLike],
    biases: Sequence[npt.ArrayLike],
    tolerance: float | None = None,
) -> Diagnosis:
    """Put somebody's gradients beside this network's and say what the likely mistake is.

    Known are: a factor (sum for mean, 1/2, sign), of all or of single arrays; biases left out or summed wrongly; the
    penalty left out, on biases too, or with another factor; an activation's derivative forgotten, taken of the wrong
    value or once too often; softmax's delta without its cross-entropy; transposed matrices, a layer's shift; samples
    that are left out; each of these in some samples alone; two of them at once.

    Parameters
    ----------
    net : Network
        Of Dense layers (and Dropout, which gradients leave out), with the weights at which the gradients were computed.
    X, y : array-like
        The samples, as for ``net.gradients``.
    weights : sequence of arrays (inputs, units)
        The gradients of each layer's weights by somebody else's program.
    biases : sequence of arrays (units,)
        Likewise of the biases; None for one that has no gradient.
    tolerance : float, optional
        Of an array, relative to its largest entry. Default: 1e-6; 1e-4 where the network or a gradient is of float32
        (or all of them hold float32's values); 1e-2 for float16. What roundoff may do besides, where terms cancel, is
        computed and allowed for.

    Returns
    -------
    Diagnosis
        The mistakes that it found, each in a sentence.

    Raises
    ------
    ValueError, TypeError
        The arrays are not of the network's sizes, or the network has other layers than Dense.

    See Also
    --------
    Network.gradients : The right ones.
    check_gradients : Whether a gradient is right at all, for any function.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], loss="mse", seed=0)
    >>> X, y = [[0.5, -1.0], [2.0, 0.1], [1.0, 1.0]], [1.0, 2.0, 0.5]
    >>> right = net.gradients(X, y)
    >>> weights, biases = [3 * W for W in right.weights], [3 * b for b in right.biases]
    >>> print(fm.diagnose_gradients(net, X, y, weights=weights, biases=biases))
    wrong: layer 2 weights, layer 2 bias, layer 1 weights, layer 1 bias
    - the whole gradient is 3 times as large: summed over the samples, not their mean
    """
    if not isinstance(net, Network):
        raise TypeError(f"net must be a Network, got {brief(net)}.")
    model = model_of(net)
    if any(type(part.layer) is not Dense or part.normalizes for part in model.architecture.placed):
        raise ValueError("diagnose_gradients knows networks of Dense layers alone, but this one has others.")
    if model.architecture.embedding is not None:
        kind = type(model.architecture.embedding).__name__
        raise ValueError(f"diagnose_gradients knows networks of Dense layers alone, but this one has {kind}.")
    samples = model.check(X, y, None)
    if tolerance is not None:
        tolerance = check_real(tolerance, "tolerance", above=0.0)
    # what a wrong program computes may well overflow
    with np.errstate(all="ignore"):
        given = given_gradients(weights, biases, model.architecture.shapes, samples.rows)
        return _diagnosed(model, samples, given, tolerance)


def _diagnosed(model: Model, samples: Samples, given: Given, tolerance: float | None) -> Diagnosis:
    if given.not_finite:
        kinds, sentences = given.said
        return Diagnosis(given.not_finite, sentences, kinds)
    values = values_of(model, samples)
    unit = max(given.unit_roundoff, float(np.finfo(model.architecture.dtype).eps) / 2)
    roundoff = roundoff_of(model, samples, values, unit)
    tolerance = _TOLERANCES[unit] if tolerance is None else tolerance
    nearest: Diagnosis | None = None
    # of gradients whose weights may be transposed as a whole, what explains them
    for arrays, kinds, sentences in given.readings():
        near = [
            np.inf if array is None else max(tolerance * float(np.abs(array).max()), least)
            for array, least in zip(arrays, roundoff, strict=True)
        ]
        compared = [
            np.zeros(shape) if array is None else array for array, shape in zip(arrays, given.shapes, strict=True)
        ]
        search = Search(values, compared, near)
        found = _explanations(search, model, samples, compared, near) if search.wrong else [Explanation()]
        explanation = found[0] if found else Explanation()
        diagnosis = Diagnosis(
            tuple(dict.fromkeys((*given.odd, *search.wrong_arrays()))),
            (*sentences, *explanation.sentences),
            (*kinds, *explanation.kinds),
            tuple(one.sentences[0] for one in found[1:4]),
            () if found else search.differences(),
        )
        if found:
            return diagnosis
        if nearest is None or len(diagnosis.unexplained) < len(nearest.unexplained):
            nearest = diagnosis
    assert nearest is not None
    return nearest


def _explanations(
    search: Search, model: Model, samples: Samples, given: list[Array], near: list[float]
) -> list[Explanation]:
    """Return what explains gradients, the single mistakes that do or else the first of what is less likely."""
    found = search.single()
    if not found:
        others = (
            search.in_some_samples,
            lambda: _of_scaling(model, samples, given, near),
            search.pair,
            search.one_factor,
        )
        found = [one for other in others for one in [other()] if one is not None][:1]
    return found


def _of_scaling(model: Model, samples: Samples, given: list[Array], near: list[float]) -> Explanation | None:
    """Return what explains gradients where the network's scaling was forgotten, perhaps with one mistake more."""
    for kind, sentence, values in without_scaling(model, samples):
        search = Search(values, given, near)
        found = search.single()[:1] if search.wrong else [Explanation()]
        for other in found:
            return Explanation((kind, *other.kinds), (sentence, *other.sentences))
    return None
