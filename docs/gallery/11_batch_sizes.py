r"""Online, mini-batch and full-batch descent take different ways.

A step may use one sample, some, or all: the fewer, the more steps an epoch has, and the rougher their direction.

A straight line $\hat y = w x + b$ has two parameters, so the ways of the three can be drawn. The data follow
$y = 2x - 1$ with noise; every training has 5 epochs and the same learning rate.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

generator = np.random.default_rng(1)
x = generator.uniform(-1.0, 1.0, size=(96, 1))
y = 2.0 * x[:, 0] - 1.0 + 0.5 * generator.normal(size=96)
best = np.polyfit(x[:, 0], y, 1)  # (w, b) of least squares


def descend(batch_size, epochs=5):
    """Return (w, b) before and after every step."""
    line = fm.Network(1, [fm.Dense(1)], loss="half_squared_error", dtype="float64")
    line.set_parameters([-1.0, 1.0])
    way = [line.get_parameters()]
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            batch = slice(start, start + batch_size)
            line.fit(x[batch], y[batch], epochs=1, batch_size=None, optimizer=fm.SGD(0.3))
            way.append(line.get_parameters())
    return np.array(way)


ways = {"online (1 sample a step)": descend(1), "mini-batch (16)": descend(16), "full batch (96)": descend(96)}
for name, way in ways.items():
    distance = np.linalg.norm(way[-1] - best)
    print(f"{name:25} {len(way) - 1:3} steps, ends at distance {distance:.2f} from the best line")

online, mini, full = ways.values()
assert [len(way) - 1 for way in ways.values()] == [480, 30, 5]
assert np.linalg.norm(mini[-1] - best) < 0.4 < 1.0 < np.linalg.norm(full[-1] - best)

# %%
# A full-batch step goes down the mean loss itself, but there are only five of them, which is half of the way. With
# mini-batches of 16 there are six times as many steps for the same arithmetic, and they arrive. Online descent arrives
# within the first epoch, and then wanders around the minimum, because each sample pulls in a direction of its own: its
# learning rate would have to shrink.

assert np.linalg.norm(online[:97] - best, axis=1).min() < 0.1
assert 0.4 < np.linalg.norm(full[-1] - best) / np.linalg.norm(full[0] - best) < 0.6
late = online[-192:]  # the last two epochs
wandering = np.linalg.norm(np.diff(late, axis=0), axis=1).sum()
progress = np.linalg.norm(late[-1] - late[0])
print(f"online, last two epochs: {wandering:.0f} of way for {progress:.2f} of progress")
assert wandering > 20.0 * progress

w, b = np.meshgrid(np.linspace(-1.4, 3.2, 120), np.linspace(-1.9, 1.4, 120))
loss = ((w[..., None] * x[:, 0] + b[..., None] - y) ** 2).mean(axis=-1) / 2.0
figure, panels = plt.subplots(1, 3, figsize=(10.0, 3.4), sharey=True)
for axes, (name, way) in zip(panels, ways.items(), strict=True):
    axes.contour(w, b, loss, levels=np.geomspace(loss.min() * 1.02, loss.max(), 12), colors="#c9ced4", linewidths=0.8)
    axes.plot(*way.T, ".-", linewidth=0.8, markersize=3 if len(way) > 100 else 7)
    axes.plot(*best, "x", color="#c4472b", markersize=9, markeredgewidth=2)
    axes.set(title=name, xlabel="weight w")
panels[0].set_ylabel("bias b")
figure.savefig("11_batch_sizes.png")
