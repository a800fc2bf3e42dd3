r"""Gradients vanish on their way down a deep network of sigmoids.

The slope of a sigmoid is at most a quarter, so the gradient shrinks from layer to layer, and the first layers of a deep
network hardly learn.

Backpropagation passes the deltas from layer to layer,

```math
\Delta_{l-1} = \left( \Delta_l W_l^{\mathsf T} \right) \circ \varphi'(Z_{l-1}),
```

and $\varphi' \le \frac 1 4$ for the sigmoid; initial weights are too small to make up for it. Take ten hidden layers
of 64 units, just initialized, and look at the gradient of the loss by the weights of each layer.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

generator = np.random.default_rng(0)
X = generator.normal(size=(256, 64))
y = (X[:, 0] * X[:, 1] > 0).astype(int)

sizes = {}
for activation in ("sigmoid", "tanh", "relu"):
    layers = [fm.Dense(64, activation) for _ in range(10)]
    net = fm.Network(64, [*layers, fm.Dense(2, "softmax")], dtype="float64", seed=0)
    gradients = net.gradients(X, y)
    sizes[activation] = [float(np.sqrt((g**2).mean())) for g in gradients.weights]
    ratio = sizes[activation][-1] / sizes[activation][0]
    print(f"{activation:8} the last layer's gradient is {ratio:.3g} times the first one's")

assert sizes["sigmoid"][-1] > 1e5 * sizes["sigmoid"][0]
assert 4.0 < (sizes["sigmoid"][9] / sizes["sigmoid"][0]) ** (1 / 9) < 6.0
assert sizes["tanh"][-1] < 100 * sizes["tanh"][0]
assert sizes["relu"][-1] < 100 * sizes["relu"][0]

# %%
# The sigmoids lose about a factor of five in each layer. tanh has slope 1 at zero and relu wherever it is on, and
# with initial weights of the right size (Glorot's for tanh, He's for relu, see
# [the formulas](../math.md#initial-weights-and-order-of-samples)) their gradients arrive.

figure, axes = plt.subplots(figsize=(6.4, 3.8))
for activation, values in sizes.items():
    axes.semilogy(range(1, 12), values, "o-", label=activation)
axes.set(xlabel="layer", ylabel="size of the gradient", xticks=range(1, 12))
axes.set_title("Gradient by the weights, root mean square")
axes.legend()
figure.savefig("13_vanishing_gradients.png")

# %%
# What it means for training: in 20 epochs the sigmoids learn nothing, the others do.

digits, labels = fm.datasets.load_digits()
digits = digits / 16.0
accuracy = {}
for activation in sizes:
    layers = [fm.Dense(64, activation) for _ in range(10)]
    net = fm.Network(64, [*layers, fm.Dense(10, "softmax")], seed=0)
    net.fit(digits, labels, epochs=20, batch_size=64, optimizer=fm.SGD(0.1))
    accuracy[activation] = net.evaluate(digits, labels)["accuracy"]
    print(f"{activation:8} {accuracy[activation]:.0%} of the training digits right")
assert accuracy["sigmoid"] < 0.15
assert min(accuracy["tanh"], accuracy["relu"]) > 0.9
