r"""Momentum, Adam and the rest get along a narrow valley.

Where the loss is steep in one direction and flat in another, plain descent must take small steps because of the one,
and then creeps along the other.

Such a valley is $J(w) = \frac 1 2 (w_1^2 + 50 w_2^2)$, which is what `half_squared_error` makes of two samples. Plain
descent with learning rate $\eta$ multiplies $w_2$ by $1 - 50 \eta$ in every step, so it diverges for
$\eta > 2 / 50 = 0.04$; and $w_1$ is only multiplied by $1 - \eta$.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

X, y = np.diag([2.0, 100.0]) ** 0.5, np.zeros(2)  # the mean over the two samples is J


def descend(optimizer, steps=60):
    """Return the weights before and after every step."""
    net = fm.Network(2, [fm.Dense(1)], loss="half_squared_error", dtype="float64")
    net.set_parameters([-4.0, 1.0, 0.0])
    way = [net.layers[0].weights[:, 0].copy()]
    for _ in range(steps):
        net.fit(X, y, epochs=1, batch_size=None, optimizer=optimizer)
        net.layers[0].bias[:] = 0.0  # a valley of two dimensions
        way.append(net.layers[0].weights[:, 0].copy())
    return np.array(way)


def height(way):
    """Return J along a way."""
    return 0.5 * (way[:, 0] ** 2 + 50.0 * way[:, 1] ** 2)


ways = {
    "SGD(0.035)": descend(fm.SGD(0.035)),
    "SGD(0.02, momentum=0.8)": descend(fm.SGD(0.02, momentum=0.8)),
    "... with nesterov=True": descend(fm.SGD(0.02, momentum=0.8, nesterov=True)),
    "Adagrad(0.5)": descend(fm.Adagrad(0.5)),
    "RMSProp(0.1)": descend(fm.RMSProp(0.1)),
    "Adam(0.3)": descend(fm.Adam(0.3)),
    "AdamW(0.3, weight_decay=0.1)": descend(fm.AdamW(0.3, weight_decay=0.1)),
}
for name, way in ways.items():
    print(f"{name:29} J after 60 steps: {height(way)[-1]:.1e}")

plain, momentum, nesterov, adagrad, rmsprop, adam, adamw = (height(way)[-1] for way in ways.values())
assert max(momentum, nesterov, rmsprop) < 0.01 * plain
assert max(adam, adamw) < 0.1 * plain
assert adagrad < 0.2 * plain
assert adamw < adam
assert height(descend(fm.SGD(0.041)))[-1] > height(descend(fm.SGD(0.041), steps=1))[0]  # beyond 2 / 50 it diverges

# %%
# Momentum adds up the steps: those across the valley cancel, those along it grow. Nesterov's form looks ahead and damps
# the swinging, here at once because $50 \eta = 1$.
#
# The other four divide each gradient by its own usual size, so that their first steps are as long along the flat
# direction as along the steep one. They differ in what is usual:
#
# - **Adagrad** adds up all squared gradients since the start. Its steps only get shorter.
# - **RMSProp** takes a mean in which old squares fade, by 0.9 in every step. It is behind Adagrad after 20 steps,
#   and far ahead after 60.
# - **Adam** takes such a mean of the gradients, too, which is a momentum. Both are corrected for their start from 0.
# - **AdamW** is Adam, and multiplies the weights by $1 - \eta \lambda$ before each step: a decay that the size of the
#   gradients does not change. Here the lowest point is at zero, so the decay helps; elsewhere it pulls the weights away
#   from it.

first = {name: way[1] - way[0] for name, way in ways.items()}
assert np.allclose(first["Adagrad(0.5)"], [0.5, -0.5])
assert np.allclose(first["RMSProp(0.1)"], np.array([0.1, -0.1]) / 0.1**0.5)  # the mean has seen a tenth of the square
assert np.allclose(first["Adam(0.3)"], [0.3, -0.3])
assert np.allclose(first["AdamW(0.3, weight_decay=0.1)"], [0.3 - 0.03 * -4.0, -0.3 - 0.03 * 1.0])

assert (np.diff(np.abs(np.diff(ways["Adagrad(0.5)"][:, 0]))) < 0.0).all()  # shorter and shorter, along the valley
assert height(ways["RMSProp(0.1)"])[20] > height(ways["Adagrad(0.5)"])[20]
assert rmsprop < 0.01 * adagrad

w1, w2 = np.meshgrid(np.linspace(-4.4, 1.6, 120), np.linspace(-1.3, 1.3, 120))
valley = 0.5 * (w1**2 + 50.0 * w2**2)
figure = plt.figure(figsize=(9.2, 5.8))
grid = figure.add_gridspec(3, 3)
below = figure.add_subplot(grid[2, 1:])
colors = ["#1f5c99", "#c4472b", "#4a9a5b", "#8a6bb1", "#d99a2b", "#5f6368", "#2aa5b8"]
labels = {"SGD": 0.3, "momentum": 1.2e-5, "Nesterov": 4e-7, "Adagrad": 0.045, "RMSProp": 1e-4, "Adam": 7e-3}
labels["AdamW"] = 1e-3
for place, color, label, (name, way) in zip(grid, colors, labels, ways.items(), strict=False):
    axes = figure.add_subplot(place)
    axes.contour(w1, w2, valley, levels=np.geomspace(0.05, 60.0, 6), colors="#c9ced4", linewidths=0.8)
    axes.plot(*way.T, ".-", linewidth=1.0, markersize=3.5, color=color)
    axes.plot(0.0, 0.0, "x", color="#26282b", markersize=8, markeredgewidth=1.6)
    axes.set_title(name, color=color)
    axes.set(xlim=(-4.4, 1.6), ylim=(-1.3, 1.3), xticks=[-4, -2, 0], yticks=[-1, 0, 1])
    axes.set(xlabel="$w_1$" if label == "AdamW" else "", ylabel="$w_2$" if label in ("SGD", "Adagrad", "AdamW") else "")
    below.semilogy(height(way), color=color, linewidth=1.4)
    below.text(61, labels[label], label, color=color, fontsize=9, va="center")
below.set(xlabel="step", title="The height J by step", xlim=(0, 72), ylim=(1e-7, None), xticks=range(0, 61, 10))
figure.savefig("12_optimizers.png")
