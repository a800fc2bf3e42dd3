"""Programs of students: backpropagation with a loop over samples, and what goes wrong in it.

It shares nothing with the doctor's: gradients are added up sample by sample, and mistakes are made where a student
makes them.
"""

from __future__ import annotations

import math

import numpy as np

import fastmlp as fm

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
    error = a - t
    slope = 2 * error / len(a) if loss == "mse" else error
    if "output_derivative" in mistakes:
        return slope
    _, of_output = ACTIVATIONS[last]
    return slope * of_output(z if "last_formula_of_z" in mistakes else a)


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
        if "last_batch_alone" in made and i < n - 4:
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
            if "W_of_another_layer" in made and layer < depth - 1 and W[layer + 1].shape == W[layer].shape:
                back = W[layer + 1].T
            delta = delta @ back
            act, of_output = ACTIVATIONS[names[layer - 1]]
            z, a = pre[layer - 1], values[layer]
            if "no_derivative" in made or ("no_derivative_1" in made and layer == 1):
                continue
            if "derivative_at_output" in made:
                delta = delta * of_output(act(a))
            elif "formula_of_z" in made:
                delta = delta * of_output(z)
            elif "sigmoids_derivative" in made:
                delta = delta * a * (1 - a)
            elif "one_minus_a" in made:
                delta = delta * (1 - a)
            elif "derivative_of_inputs" in made and values[layer - 1].shape == a.shape:
                delta = delta * of_output(values[layer - 1])
            elif "mask_of_delta" in made:
                delta = np.where(delta > 0, delta, 0)
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
        if "penalty_negative" in mistakes:
            penalty = -penalty
        if "no_penalty_1" in mistakes and layer == 0:
            penalty = 0 * penalty
        if only is None and total != n and "sum" in mistakes:
            penalty = penalty * n
        if only is None and "mean_twice" in mistakes:
            penalty = penalty / n
        of_data = n if "sum_of_data" in mistakes else -1 if "negative_data" in mistakes else 1
        of_data *= n / (n - 1) if "last_sample_of_mean" in mistakes else 1
        of_data *= n / 4 if "last_batch_alone" in mistakes else 1
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
        if "bias_one_number" in mistakes or ("bias_one_number_1" in mistakes and layer == 0):
            sums_b[layer] = np.full(len(sums_b[layer]), sums_b[layer].sum())
        if "bias_mean_of_all" in mistakes:
            sums_b[layer] = np.full(len(sums_b[layer]), sums_b[layer].mean() / n)
        if "transposed" in mistakes:
            sums_W[layer] = sums_W[layer].T if layer == net["square"] else sums_W[layer]
    return sums_W, sums_b


# what the doctor calls each mistake
KINDS = {
    "sum": "sum for mean",
    "mean_twice": "mean twice",
    "negative": "sign",
    "negative_2": "sign",
    "double": "factor 2",
    "half": "factor 1/2",
    "bias_sum": "sum for mean",
    "transposed": "transposed",
    "turned": "transposed",
    "shift": "layer's shift",
    "derivative_twice": "derivative twice",
    "sum_of_data": "sum for mean",
    "negative_data": "sign",
    "last_sample_of_mean": "samples left out",
    "no_bias": "bias left out",
    "no_bias_1": "bias left out",
    "bias_last_row": "bias summed wrongly",
    "bias_one_number": "bias summed wrongly",
    "no_derivative": "derivative forgotten",
    "no_derivative_1": "derivative forgotten",
    "derivative_at_output": "derivative of wrong value",
    "formula_of_z": "derivative of wrong value",
    "last_sample": "samples left out",
    "short_batch": "samples left out",
    "no_penalty": "penalty left out",
    "penalty_halved": "penalty's factor",
    "penalty_on_biases": "penalty on biases",
    "penalty_negative": "penalty's sign",
    "no_penalty_1": "penalty left out",
    "bias_one_number_1": "bias summed wrongly",
    "bias_mean_of_all": "bias summed wrongly",
    "last_batch_alone": "samples left out",
    "sigmoids_derivative": "derivative of wrong value",
    "one_minus_a": "derivative of wrong value",
    "derivative_of_inputs": "derivative of wrong value",
    "mask_of_delta": "derivative of wrong value",
    "last_formula_of_z": "derivative of wrong value",
    "W_of_another_layer": "layer's shift",
    "softmax_elementwise": "softmax without cross-entropy",
    "output_derivative": "output derivative",
}


def applies(mistake, _, layers, __, l2):
    """Return whether a network of such a shape can have a mistake that shows."""
    last = layers[-1][1]
    if "penalty" in mistake:
        return l2 > 0
    if mistake == "softmax_elementwise":
        return last == "softmax"
    if mistake in ("bias_one_number", "bias_mean_of_all"):
        return layers[-1][0] > 1
    if mistake in ("output_derivative", "last_formula_of_z"):
        return last == "sigmoid"
    if mistake in ("sigmoids_derivative", "derivative_of_inputs"):
        # sigmoid's own; and what else the first hidden layer has a as its inputs
        return all(how == "tanh" for _, how in layers[:-1])
    if mistake == "W_of_another_layer":
        # somebody else's of the same size
        return any(
            one[0] == two[0] == three[0] for one, two, three in zip(layers, layers[1:], layers[2:], strict=False)
        )
    return True


def planted(n_inputs, layers, loss, l2, *, seed, samples):
    """Return a network, its data, and the same as a student has it."""
    random = np.random.default_rng(seed)
    settings = {} if loss is None else {"loss": loss}
    net = fm.Network(
        n_inputs, [fm.Dense(units, how) for units, how in layers], l2=l2, seed=1, dtype="float64", **settings
    )
    for layer in net.layers:
        layer.bias[:] = random.normal(size=len(layer.bias)) / 2
    X = random.normal(size=(samples, n_inputs))
    outputs = layers[-1][0]
    if layers[-1][1] == "softmax":
        y = random.integers(0, outputs, samples)
        T = np.eye(outputs)[y]
    else:
        y = T = random.uniform(0, 1, size=(samples, outputs))
    plain = {
        "W": [layer.weights.copy() for layer in net.layers],
        "b": [layer.bias.copy() for layer in net.layers],
        "activations": [how for _, how in layers],
        "loss": loss,
        "l2": l2,
        "square": 1,
    }
    return net, X, y, T, plain
