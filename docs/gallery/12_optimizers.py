r"""Momentum and Adam get along a narrow valley.

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
    "SGD(0.02, momentum=0.8, nesterov=True)": descend(fm.SGD(0.02, momentum=0.8, nesterov=True)),
    "Adam(0.3)": descend(fm.Adam(0.3)),
}
for name, way in ways.items():
    print(f"{name:40} J after 60 steps: {height(way)[-1]:.1e}")

plain, momentum, nesterov, adam = (height(way)[-1] for way in ways.values())
assert momentum < 0.01 * plain
assert nesterov < 0.01 * plain
assert adam < 0.1 * plain
assert height(descend(fm.SGD(0.041)))[-1] > height(descend(fm.SGD(0.041), steps=1))[0]  # beyond 2 / 50 it diverges

assert np.allclose(ways["Adam(0.3)"][1] - ways["Adam(0.3)"][0], [0.3, -0.3])

# %%
# Momentum adds up the steps: those across the valley cancel, those along it grow. Nesterov's form looks ahead and damps
# the swinging, here at once because $50 \eta = 1$. Adam divides each gradient by its own usual size, so that its first
# steps are as long along the flat direction as along the steep one.

w1, w2 = np.meshgrid(np.linspace(-4.4, 1.6, 120), np.linspace(-1.3, 1.3, 120))
valley = 0.5 * (w1**2 + 50.0 * w2**2)
figure = plt.figure(figsize=(9.6, 6.2))
grid = figure.add_gridspec(3, 2)
places = [grid[0, 0], grid[0, 1], grid[1, 0], grid[1, 1]]
below = figure.add_subplot(grid[2, :])
for place, (name, way) in zip(places, ways.items(), strict=True):
    axes = figure.add_subplot(place)
    axes.contour(w1, w2, valley, levels=np.geomspace(0.05, 60.0, 9), colors="#c9ced4", linewidths=0.8)
    axes.plot(*way.T, ".-", linewidth=1.0, markersize=4)
    axes.plot(0.0, 0.0, "x", color="#c4472b", markersize=9, markeredgewidth=2)
    axes.set(title=name, xlim=(-4.4, 1.6), ylim=(-1.3, 1.3), xlabel="$w_1$", ylabel="$w_2$")
    below.semilogy(height(way), label=name)
below.set(xlabel="step", ylabel="J", title="The height J by step")
below.legend(fontsize=8.5)
figure.savefig("12_optimizers.png")
