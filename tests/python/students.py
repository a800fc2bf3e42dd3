"""Programs of students: backpropagation with a loop over samples, and what goes wrong in it.

It shares nothing with the doctor's: gradients are added up sample by sample, and mistakes are made where a student
makes them.
"""

from __future__ import annotations

import math

import numpy as np

ACTIVATIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "identity": (lambda z: z, lambda a: np.ones_like(a)),
    "softmax": (lambda z: np.exp(z) / np.exp(z).sum(), None),
}


def delta_at_the_end(net, z, a, t, mistakes):
    """Return the delta of the last layer for one sample, without the mean."""
    last, loss = net["activations"][-1], net["loss"]
    if last == "softmax":
        if "softmax_elementwise" in mistakes:
            return -t / a * a * (1 - a)
        return a - t
    error = a - t if "sign" not in mistakes else t - a
    slope = 2 * error / len(a) if loss == "mse" else error
    if "output_derivative" in mistakes:
        return slope
    _, of_output = ACTIVATIONS[last]
    return slope * of_output(a)


def student(net, X, T, mistakes=(), only=None):
    """Return gradients of weights and biases; ``only``: the samples in which the mistakes are made."""
    n = len(X)
    W, b, names = net["W"], net["b"], net["activations"]
    depth = len(W)
    sums_W = [np.zeros_like(w) for w in W]
    sums_b = [np.zeros_like(v) for v in b]
    for i in range(n):
        made = set(mistakes) if only is None or i in only else set()
        if (made & {"last_sample", "last_sample_of_mean"} and i == n - 1) or ("short_batch" in made and i >= n - 4):
            continue
        values, pre = [np.asarray(X[i], float)], []
        for layer in range(depth):
            pre.append(values[-1] @ W[layer] + b[layer])
            values.append(ACTIVATIONS[names[layer]][0](pre[-1]))
        delta = delta_at_the_end(net, pre[-1], values[-1], T[i], made)
        for layer in range(depth - 1, -1, -1):
            into = values[layer + 1] if "shift" in made and layer == net["square"] else values[layer]
            for j in range(len(into)):
                sums_W[layer][j] += into[j] * delta
            if "bias_last_row" in made:
                sums_b[layer] = delta * 1.0
            elif not ("no_bias" in made or ("no_bias_1" in made and layer == 0)):
                sums_b[layer] += delta
            if layer == 0:
                break
            back = W[layer].T if not ("turned" in made and W[layer].shape[0] == W[layer].shape[1]) else W[layer]
            delta = delta @ back
            act, of_output = ACTIVATIONS[names[layer - 1]]
            z, a = pre[layer - 1], values[layer]
            if "no_derivative" in made or ("no_derivative_1" in made and layer == 1):
                continue
            if "derivative_at_output" in made:
                delta = delta * of_output(act(a))
            elif "formula_of_z" in made:
                delta = delta * of_output(z)
            elif "derivative_twice" in made:
                delta = delta * of_output(a) ** 2
            else:
                delta = delta * of_output(a)
    total = 1 if "sum" in mistakes else n * n if "mean_twice" in mistakes else n
    for layer in range(depth):
        penalty = net["l2"] * W[layer]
        if "no_penalty" in mistakes:
            penalty = 0 * penalty
        if "penalty_halved" in mistakes:
            penalty = penalty / 2
        if only is None and total != n and "sum" in mistakes:
            penalty = penalty * n
        if only is None and "mean_twice" in mistakes:
            penalty = penalty / n
        of_data = n if "sum_of_data" in mistakes else -1 if "negative_data" in mistakes else 1
        of_data *= n / (n - 1) if "last_sample_of_mean" in mistakes else 1
        sums_W[layer] = of_data * sums_W[layer] / total + penalty
        sums_b[layer] = of_data * sums_b[layer]
        sums_b[layer] = sums_b[layer] / (1 if "bias_last_row" in mistakes and only is None else total)
        if "bias_last_row" in mistakes and only is None:
            sums_b[layer] = sums_b[layer] / n
        if "penalty_on_biases" in mistakes:
            sums_b[layer] = sums_b[layer] + net["l2"] * b[layer]
        factor = math.prod({"negative": -1.0, "double": 2.0, "half": 0.5}.get(mistake, 1.0) for mistake in mistakes)
        sums_W[layer], sums_b[layer] = factor * sums_W[layer], factor * sums_b[layer]
        if "bias_sum" in mistakes:
            sums_b[layer] = n * sums_b[layer]
        if "negative_2" in mistakes and layer == 1:
            sums_W[layer], sums_b[layer] = -sums_W[layer], -sums_b[layer]
        if "bias_one_number" in mistakes:
            sums_b[layer] = np.full(len(sums_b[layer]), sums_b[layer].sum())
        if "transposed" in mistakes:
            sums_W[layer] = sums_W[layer].T if layer == net["square"] else sums_W[layer]
    return sums_W, sums_b
