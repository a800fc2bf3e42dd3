r"""Inputs should have about the same size.

The gradient by a weight is a delta times the weight's input, so an input in millimetres moves its weights a thousand
times as far as the same one in metres.

One learning rate has to serve both: it must be small enough for the large input, and is then far too small for the
other. The remedy is to **standardize**: from each input subtract its mean over the training data, and divide by its
standard deviation. (For pictures it is usual to divide all pixels by the largest value instead.)

Two half moons, first with one coordinate in millimetres and the other in metres, then standardized:
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

X, y = fm.datasets.moons(400, noise=0.1, seed=0)
raw = X * [1000.0, 1.0]
standardized = (raw - raw.mean(axis=0)) / raw.std(axis=0)
assert np.allclose(standardized.mean(axis=0), 0.0)
assert np.allclose(standardized.std(axis=0), 1.0)


def train(inputs, learning_rate):
    """Return a network of 16 hidden units and its history."""
    net = fm.Network(2, [fm.Dense(16, "tanh"), fm.Dense(1, "sigmoid")], seed=0)
    history = net.fit(inputs, y, epochs=100, batch_size=20, optimizer=fm.SGD(learning_rate))
    return net, history


candidates = (1.0, 0.1, 0.01, 0.001, 0.0001)
results = {}
for name, inputs in (("raw", raw), ("standardized", standardized)):
    trained = [train(inputs, learning_rate) for learning_rate in candidates]
    best = int(np.argmin([history["loss"][-1] for _, history in trained]))
    net, history = results[name] = trained[best]
    accuracy = net.evaluate(inputs, y)["accuracy"]
    print(f"{name:13} best learning rate {candidates[best]:g}: loss {history['loss'][-1]:.3f}, {accuracy:.1%} right")

(raw_net, raw_history), (net, history) = results.values()
assert history["loss"][-1] < 0.05 < 0.1 < raw_history["loss"][-1]

# %%
# For the raw inputs, the best of five learning rates is still a bad one: the network hardly sees the coordinate in
# metres. The same network on standardized inputs follows the moons.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.4, 3.3))
plots.decision_regions(raw_net, raw, y, ax=left).set(title="Raw", xlabel="x0 (mm)", ylabel="x1 (m)")
plots.decision_regions(net, standardized, y, ax=middle).set(title="Standardized")
right.plot(raw_history["loss"], label="raw")
right.plot(history["loss"], label="standardized")
right.set(xlabel="epoch", title="Loss, each at its best learning rate", ylim=(0, None))
right.legend()
figure.savefig("15_scaling_inputs.png")
