"""Activations, losses and penalties, each written once, forward only, out of the gates of graph.py.

There is no derivative in this file: the graph finds them all. So an entry here can be compared with its formula in a
book by eye, and a gradient that disagrees with it is wrong. Everything that is a probability rests on one function,
``surprisal``, because

    softmax:   -log a_k = log sum_j exp(z_j - z_k)
    sigmoid:   the softmax of two logits, 0 and z: a = exp(z) / (exp(0) + exp(z)) = 1 / (1 + exp(-z))

The dictionaries at the end map the names of ``fastmlp.activations`` and ``fastmlp.losses`` to these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from fastmlp.activations import Activation, Softmax
from fastmlp.losses import CrossEntropy, Huber, Loss, Quantile
from fastmlp.reference.graph import Gate, absolute, add, as_gate, erf, exp, log1p, maximum, minimum, sqrt, step, tanh
from fastmlp.scalings import Rescale, RobustScale, Scaling, Standardize

Row: TypeAlias = list[Gate]


def log_sum_exp(terms: Sequence[Gate]) -> Gate:
    """Return log sum_j exp(t_j) without overflow, and with all digits when one term is far above the rest.

    Moving every term by the same number moves the result by that number, so the largest may be moved to 0. Its
    exponential is then exactly 1, which log1p counts by itself, and no other is larger. The shift is a plain number and
    no gate because the derivatives do not depend on it.
    """
    shift = max(term.value for term in terms)
    return log1p(add(-1.0, *(exp(term - shift) for term in terms))) + shift


def surprisal(z: Sequence[Gate], k: int) -> Gate:
    """Return -log softmax(z)_k from differences of logits, so that a probability near 1 loses no digits."""
    return log_sum_exp([as_gate(0.0), *(z_j - z[k] for j, z_j in enumerate(z) if j != k)])


def softmax(z: Sequence[Gate]) -> Row:
    """Return exp(z_k) / sum_j exp(z_j) for every k."""
    return [exp(-surprisal(z, k)) for k in range(len(z))]


def sigmoid(z: Gate) -> Gate:
    """Return 1 / (1 + exp(-z)), the second of the two probabilities softmax((0, z))."""
    a = softmax([as_gate(0.0), z])[1]
    a.block = "sigmoid", (z,)
    return a


def leaky_relu(z: Gate, slope: float) -> Gate:
    """Return z where z > 0 and slope z elsewhere."""
    return maximum(z, 0.0) + slope * minimum(z, 0.0)


def sign(z: Gate) -> Gate:
    """Return 1 where z > 0, -1 where z < 0 and 0 at 0, where both steps are up."""
    return step(z) - step(-z)


def elu(z: Gate, alpha: float) -> Gate:
    """Return z where z > 0 and alpha (exp(z) - 1) elsewhere."""
    return maximum(z, 0.0) + alpha * (exp(minimum(z, 0.0)) - 1.0)


def selu(z: Gate) -> Gate:
    """Return elu with the two constants for which mean 0 and variance 1 are a fixed point."""
    return 1.0507009873554805 * elu(z, 1.6732632423543772)


def softplus(z: Gate) -> Gate:
    """Return log(exp(0) + exp(z))."""
    return log_sum_exp([as_gate(0.0), z])


def gelu(z: Gate) -> Gate:
    """Return z times the probability that a standard normal number is below z."""
    return z * (0.5 * (1.0 + erf(z / math.sqrt(2.0))))


def gelu_tanh(z: Gate) -> Gate:
    """Return gelu's approximation by tanh."""
    return z * (0.5 * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (z + 0.044715 * z**3))))


def hard_tanh(z: Gate) -> Gate:
    """Return z, but at least -1 and at most 1."""
    return maximum(minimum(1.0, z), -1.0)


def cross_entropy(z: Row, a: Row, y: Sequence[float], last: Activation, settings: CrossEntropy) -> Gate:
    """Sum of y_k times the surprisal of class k, over one distribution (softmax) or one per output (sigmoid).

    A sigmoid output z with target y is the two-class softmax with logits (0, z) and target (1 - y, y). Label smoothing
    takes a part e of each distribution of targets away and spreads it evenly.
    """
    if isinstance(last, Softmax):
        distributions = [(z, list(y))]
    else:
        distributions = [([as_gate(0.0), z_k], [1.0 - y_k, y_k]) for z_k, y_k in zip(z, y, strict=True)]
    e = settings.label_smoothing
    distributions = [(logits, [(1.0 - e) * p_k + e / len(p) for p_k in p]) for logits, p in distributions]
    return add(*(p_k * surprisal(logits, k) for logits, p in distributions for k, p_k in enumerate(p) if p_k != 0.0))


def mean_squared_error(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """(1 / n_outputs) sum_k (a_k - y_k)^2."""
    return add(*((a_k - y_k) ** 2 for a_k, y_k in zip(a, y, strict=True))) / len(a)


def half_squared_error(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """(1 / 2) sum_k (a_k - y_k)^2."""
    return 0.5 * add(*((a_k - y_k) ** 2 for a_k, y_k in zip(a, y, strict=True)))


def mean_absolute_error(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """(1 / n_outputs) sum_k |a_k - y_k|."""
    return add(*(absolute(a_k - y_k) for a_k, y_k in zip(a, y, strict=True))) / len(a)


def huber(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Huber) -> Gate:
    """(1 / n_outputs) sum_k of m^2 / 2 + delta (|a_k - y_k| - m), m being the part of the error up to delta."""
    errors = [absolute(a_k - y_k) for a_k, y_k in zip(a, y, strict=True)]
    parts = [(minimum(error, settings.delta), error) for error in errors]
    return add(*(0.5 * m**2 + settings.delta * (error - m) for m, error in parts)) / len(a)


def poisson(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """(1 / n_outputs) sum_k (rate - y_k log(rate)), the rate of counts being exp(a_k)."""
    return add(*(exp(a_k) - y_k * a_k for a_k, y_k in zip(a, y, strict=True))) / len(a)


def quantile(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Quantile) -> Gate:
    """(1 / n_outputs) sum_k of q times what a_k lacks of y_k, or 1 - q times what it has too much."""
    q = settings.q
    return add(
        *(q * maximum(y_k - a_k, 0.0) + (1.0 - q) * maximum(a_k - y_k, 0.0) for a_k, y_k in zip(a, y, strict=True))
    ) / len(a)


def side(y_k: float) -> float:
    """Return t = 1 for a target of 1, and -1 for one of 0 or -1."""
    return 1.0 if y_k > 0.0 else -1.0


def hinge(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """Sum over outputs of max(0, 1 - t_k a_k); at the margin the derivative is 0."""
    return add(*(maximum(1.0 - side(y_k) * a_k, 0.0) for a_k, y_k in zip(a, y, strict=True)))


def perceptron(z: Row, a: Row, y: Sequence[float], last: Activation, settings: Loss) -> Gate:
    """Sum over outputs of max(0, -t_k z_k); at 0 the derivative is that of a wrong answer."""
    return add(*(maximum(0.0, -side(y_k) * z_k) for z_k, y_k in zip(z, y, strict=True)))


def maxout(z: Row, pieces: int) -> Row:
    """Return for each unit the largest of its pieces, which are len(z) / pieces places apart."""
    units = len(z) // pieces
    a = z[:units]
    for piece in range(1, pieces):
        a = [maximum(highest, z[piece * units + j]) for j, highest in enumerate(a)]
    return a


def layer_norm(a: Row, epsilon: float = 1e-5) -> Row:
    """Return (a - mean) / sqrt(variance + epsilon) over the units of one sample."""
    mean = add(*a) / len(a)
    variance = add(*((a_j - mean) ** 2 for a_j in a)) / len(a)
    return [(a_j - mean) / sqrt(variance + epsilon) for a_j in a]


def smooth_clip(z: Gate, limit: float) -> Gate:
    """Return z / sqrt(1 + (z / limit)^2), which is nearly z near 0 and stays between -limit and limit."""
    return z / sqrt(1.0 + (z / limit) ** 2)


def scaled(x: Row, scaling: Scaling) -> Row:
    """Return a sample's inputs as a scaling whose numbers are known makes them."""
    if isinstance(scaling, Standardize):
        mean, deviation = scaling.mean or [0.0] * len(x), scaling.deviation or [1.0] * len(x)
        return [(x_i - m) / s for x_i, m, s in zip(x, mean, deviation, strict=True)]
    if isinstance(scaling, RobustScale):
        if scaling.median is None or scaling.deviation is None:
            return x
        columns = zip(x, scaling.median, scaling.deviation, strict=True)
        z = [(x_i - m) / s if s > 0.0 else as_gate(0.0) for x_i, m, s in columns]
        return z if scaling.limit is None else [smooth_clip(z_i, scaling.limit) for z_i in z]
    if not isinstance(scaling, Rescale) or scaling.minimum is None or scaling.maximum is None:
        return x
    low, high = scaling.to
    each = [bound if isinstance(bound, tuple) else (bound,) * len(x) for bound in (scaling.minimum, scaling.maximum)]
    return [
        low + (x_i - least) * ((high - low) / (most - least) if most > least else 1.0)
        for x_i, least, most in zip(x, *each, strict=True)
    ]


def penalty(weights: Sequence[Row], l1: float, l2: float) -> Gate:
    """l1 sum |w| + (l2 / 2) sum w^2 over a matrix of weights."""
    flat = [w for row in weights for w in row]
    return l1 * add(*(absolute(w) for w in flat)) + 0.5 * l2 * add(*(w**2 for w in flat))


# pre-activations z of one layer and one sample, settings of the activation -> activations a
ACTIVATIONS: dict[str, Callable[[Row, Any], Row]] = {
    "identity": lambda z, _: z,
    "sigmoid": lambda z, _: [sigmoid(z_k) for z_k in z],
    "tanh": lambda z, _: [tanh(z_k) for z_k in z],
    "relu": lambda z, _: [maximum(z_k, 0.0) for z_k in z],
    "leaky_relu": lambda z, settings: [leaky_relu(z_k, settings.slope) for z_k in z],
    "softmax": lambda z, _: softmax(z),
    "step": lambda z, _: [step(z_k) for z_k in z],
    "sign": lambda z, _: [sign(z_k) for z_k in z],
    "elu": lambda z, settings: [elu(z_k, settings.alpha) for z_k in z],
    "selu": lambda z, _: [selu(z_k) for z_k in z],
    "softplus": lambda z, _: [softplus(z_k) for z_k in z],
    "gelu": lambda z, _: [gelu(z_k) for z_k in z],
    "gelu_tanh": lambda z, _: [gelu_tanh(z_k) for z_k in z],
    "silu": lambda z, _: [z_k * sigmoid(z_k) for z_k in z],
    "mish": lambda z, _: [z_k * tanh(softplus(z_k)) for z_k in z],
    "hard_tanh": lambda z, _: [hard_tanh(z_k) for z_k in z],
    "softsign": lambda z, _: [z_k / (1.0 + absolute(z_k)) for z_k in z],
}

# logits z and outputs a of the last layer for one sample, target y, last activation, settings of the loss -> its value
LOSSES: dict[str, Callable[[Row, Row, Sequence[float], Activation, Any], Gate]] = {
    "cross_entropy": cross_entropy,
    "mse": mean_squared_error,
    "half_squared_error": half_squared_error,
    "mae": mean_absolute_error,
    "huber": huber,
    "poisson": poisson,
    "quantile": quantile,
    "hinge": hinge,
    "perceptron": perceptron,
}
