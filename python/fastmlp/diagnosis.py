"""A doctor for other people's backpropagation: where it differs from ours, and the likely reason.

The search for the reason is in _diagnosis/; here are what a user calls, what comes back, and the network's own values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_real
from fastmlp._checks.arrays import check_gradient, numeric_array
from fastmlp._checks.text import brief
from fastmlp._diagnosis.program import Values
from fastmlp._diagnosis.search import Explanation, Search
from fastmlp._model.derivatives import gradients_of
from fastmlp.activations import Softmax
from fastmlp.layers import Dense
from fastmlp.network import Network, model_of
from fastmlp.runtime import thread_limit

__all__ = ["Diagnosis", "diagnose_gradients"]

Array = npt.NDArray[Any]
# of samples in which a mistake was made
_SHOWN = 8


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
    """

    wrong: tuple[str, ...]
    mistakes: tuple[str, ...]
    kinds: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether all arrays agree."""
        return not self.wrong and not self.mistakes

    def __str__(self) -> str:
        if self.is_right:
            return "all gradients are right"
        lines = [f"wrong: {', '.join(self.wrong)}"] if self.wrong else []
        if not self.mistakes:
            lines.append(f"no known mistake gives these numbers: look first at {self.wrong[0]}")
            lines.append("gradients are computed from the last layer down, so what is wrong above spoils all below")
        elif len(self.mistakes) > 1:
            lines.append("more than one mistake:")
        lines += [f"- {sentence}" for sentence in self.mistakes]
        lines += [f"  or, which gives the same numbers here: {sentence}" for sentence in self.others]
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
        Of Dense layers, with the weights at which the gradients were computed.
    X, y
        The samples, as for ``net.gradients``.
    weights : sequence of arrays (inputs, units)
        The gradients of each layer's weights by somebody else's program.
    biases : sequence of arrays (units,)
        Likewise of the biases.
    tolerance : float, optional
        Of an array, relative to its largest entry. Default: 1e-6, or 1e-3 where an array is of float32.

    Returns
    -------
    Diagnosis

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
    if any(type(part.layer) is not Dense or part.normalizes for part in model_of(net).architecture.placed):
        raise ValueError("diagnose_gradients knows networks of Dense layers alone, but this one has others.")
    values = _values_of(net, X, y)
    given_weights, transposed = _weights_of(weights, values)
    given_biases = _biases_of(biases, values)
    if tolerance is None:
        is_single = any(np.asarray(one).dtype == np.float32 for one in (*weights, *biases))
        tolerance = 1e-3 if is_single else 1e-6
    given = list(zip(given_weights, given_biases, strict=True))[::-1]
    search = Search(values, given, check_real(tolerance, "tolerance", above=0.0))
    wrong = search.wrong_arrays()
    found: list[Explanation] = []
    if wrong:
        found = search.single()
        if not found:
            other = search.in_some_samples() or search.pair()
            found = [] if other is None else [other]
    first = found[0] if found else Explanation(())
    where = f" in {_called(first.samples)} alone" if first.samples else ""
    return Diagnosis(
        tuple(wrong),
        (*transposed, *(mistake.sentence + where for mistake in first.mistakes)),
        (*("transposed" for _ in transposed), *(mistake.kind for mistake in first.mistakes)),
        tuple(one.mistakes[0].sentence for one in found[1:4]),
    )


def _called(samples: tuple[int, ...]) -> str:
    """Return the numbers of a few samples, or how many there are."""
    if len(samples) == 1:
        return f"sample {samples[0]} (from 0)"
    shown = ", ".join(map(str, samples[:_SHOWN]))
    return f"samples {shown}{', ...' if len(samples) > _SHOWN else ''} (from 0; {len(samples)} of them)"


def _values_of(net: Network, X: npt.ArrayLike, y: npt.ArrayLike) -> Values:
    model = model_of(net)
    samples = model.for_core(model.check(X, y, None), np.float64)
    core = model.double()
    right = gradients_of(core, model, samples)
    inputs = samples.dense.astype(np.float64)
    if model.columns is not None:
        inputs = model.columns.of(inputs)
    try:
        slope: Array | None = right.outputs
    except (FloatingPointError, ValueError):
        slope = None
    return Values(
        inputs=inputs,
        weights=[core.weights(layer) for layer in range(len(net.layers))],
        biases=[core.bias(layer) for layer in range(len(net.layers))],
        pre_activations=core.pre_activations(X=samples.dense, threads=thread_limit()),
        activations=core.activations(X=samples.dense, threads=thread_limit()),
        delta=right.deltas[-1],
        slope=slope,
        derivatives=[_derivative(layer.activation) for layer in net.layers],
        l1=[layer.l1 for layer in net.layers],
        l2=[layer.l2 for layer in net.layers],
    )


def _derivative(activation: Any) -> Callable[[Array], Array]:
    """Return the derivative of an activation, elementwise; of softmax p (1 - p), as if its outputs were apart."""
    if isinstance(activation, Softmax):

        def of_softmax(z: Array) -> Array:
            powers = np.exp(z - z.max(axis=1, keepdims=True))
            p = powers / powers.sum(axis=1, keepdims=True)
            return np.asarray(p * (1 - p))

        return of_softmax
    unit = Network(1, [Dense(1, activation)], loss="mse", dtype="float64")
    unit.set_parameters([1.0, 0.0])
    return lambda z: unit.jacobian(z.reshape(-1, 1)).reshape(z.shape)


def _check_list(arrays: Any, name: str) -> None:
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"{name} must be a list of one array for each layer, got {brief(arrays)}.")


def _weights_of(weights: Sequence[npt.ArrayLike], values: Values) -> tuple[list[Array], list[str]]:
    """Return the gradients of weights in their shapes, and what to say of those that came transposed."""
    _check_list(weights, "weights")
    if len(weights) != values.depth:
        raise ValueError(f"weights holds {len(weights)} arrays, but must hold one for each layer: {values.depth}.")
    taken, said = [], []
    for layer, (one, W) in enumerate(zip(weights, values.weights, strict=True)):
        array = numeric_array(one, f"weights[{layer}]")
        if array.shape == W.shape[::-1] != W.shape:
            said.append(f"the gradient of layer {layer + 1}'s weights is transposed: {array.shape}, not {W.shape}")
            array = array.T
        taken.append(check_gradient(array, W.shape, f"weights[{layer}]", f"the weights of layer {layer + 1}"))
    return taken, said


def _biases_of(biases: Sequence[npt.ArrayLike], values: Values) -> list[Array]:
    _check_list(biases, "biases")
    if len(biases) != values.depth:
        raise ValueError(f"biases holds {len(biases)} arrays, but must hold one for each layer: {values.depth}.")
    taken = []
    for layer, (one, b) in enumerate(zip(biases, values.biases, strict=True)):
        array = numeric_array(one, f"biases[{layer}]")
        if array.shape in ((1, len(b)), (len(b), 1)):
            array = array.ravel()
        samples = len(values.inputs)
        if array.shape != b.shape and array.shape[:1] == (samples,):
            raise ValueError(
                f"biases[{layer}] has shape {array.shape}, but must have that of the bias of layer {layer + 1}: "
                f"{b.shape}; a number for each sample comes of a sum over the wrong axis: sum deltas over axis 0."
            )
        taken.append(check_gradient(array, b.shape, f"biases[{layer}]", f"the bias of layer {layer + 1}"))
    return taken
