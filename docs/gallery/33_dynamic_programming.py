r"""Backpropagation is dynamic programming.

A recursive program for the derivatives asks the same question again and again; who writes the answers down needs each
of them once. That is all the difference, and it is exponential.

The oldest example are Fibonacci's numbers, $F_n = F_{n-1} + F_{n-2}$: the recursion written as it stands makes $2F_n -
1$ calls, with a memory $n$ are enough.
"""

import functools

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

calls = 0


def naive(n):
    """Return the n-th number of Fibonacci by the recursion as it stands."""
    global calls
    calls += 1
    return n if n < 2 else naive(n - 1) + naive(n - 2)


@functools.cache
def remembered(n):
    """Return it with a memory of what was asked before."""
    global calls
    calls += 1
    return n if n < 2 else remembered(n - 1) + remembered(n - 2)


for function in (naive, remembered):
    calls = 0
    value = function(20)
    print(f"{function.__name__ if calls > 100 else 'remembered'}: F(20) = {value}, {calls} calls")
assert naive(20) == remembered(20) == 6765

# %%
# In a network the derivative of the loss by a pre-activation asks for those of the layer above:
#
# ```math
# \delta^{(l)}_j = \varphi'(z^{(l)}_j) \sum_k w^{(l+1)}_{jk} \, \delta^{(l+1)}_k.
# ```
#
# Each unit of a layer asks for each unit of the next, so the recursion as it stands walks along every path from the
# unit to the output: with $m$ units in each of $L$ layers there are about $m^L$. With a memory there are as many
# answers as units.


def deltas(net, x, y, memory):
    """Return the delta of the first unit, and how many deltas were computed on the way."""
    z, a = net.pre_activations([x]), net.activations([x])
    last = len(net.layers) - 1
    known, count = {}, 0

    def delta(layer, unit):
        nonlocal count
        if memory and (layer, unit) in known:
            return known[layer, unit]
        count += 1
        slope = net.layers[layer].activation.derivative(z[layer][0, unit])
        if layer == last:
            value = (a[layer][0, unit] - y[unit]) * slope
        else:
            weights = net.layers[layer + 1].weights[unit]
            value = sum(w * delta(layer + 1, k) for k, w in enumerate(weights)) * slope
        known[layer, unit] = value
        return value

    return delta(0, 0), count


counts = {False: [], True: []}
depths = range(2, 8)
for depth in depths:
    layers = [fm.Dense(4, "tanh") for _ in range(depth)]
    net = fm.Network(3, layers, loss="half_squared_error", dtype="float64", seed=depth)
    x, y = np.array([0.5, -1.0, 2.0]), np.array([0.1, 0.2, -0.3, 0.4])
    right = net.gradients([x], [y]).deltas[0][0, 0]
    for memory in (False, True):
        found, count = deltas(net, x, y, memory)
        counts[memory].append(count)
        assert np.isclose(found, right, rtol=1e-12)
print("layers             ", *(f"{depth:6}" for depth in depths))
print("without a memory   ", *(f"{count:6}" for count in counts[False]))
print("with a memory      ", *(f"{count:6}" for count in counts[True]))
assert counts[True][-1] == 1 + 4 * (depths[-1] - 1)
assert counts[False][-1] > 100 * counts[True][-1]

figure, axes = plt.subplots(figsize=(6.4, 3.6))
axes.semilogy(depths, counts[False], "o-", label="recursion as it stands")
axes.semilogy(depths, counts[True], "s-", label="each delta once: backpropagation")
axes.set(xlabel="layers of 4 units", ylabel="deltas computed for one unit", title="What a memory saves")
axes.legend()
figure.savefig("33_dynamic_programming.png")

# %%
# Backpropagation goes one step further: it needs no memory of questions, since it computes the layers in the order in
# which they are asked for, from the last one down, as one fills a table from its corner. A whole layer is then one
# product of matrices, and the derivatives of all weights cost about as much as two passes forward.
