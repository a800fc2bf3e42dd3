r"""The perceptron rule stops when all is right, the delta rule goes on.

Both rules look at one sample at a time and move the weights by an error times the input; they differ in the error.

A single layer with $M$ outputs answers $o_j = \varphi\left(b_j + \sum_i w_{ij} x_i\right)$ to a sample $x$ whose
targets are $t_j$.

- Rosenblatt's **perceptron rule** has the step function for $\varphi$, and moves nothing if all answers are right:
  $w_{ij} \leftarrow w_{ij} - \eta (o_j - t_j) x_i$.
- The **delta rule** has a smooth $\varphi$ and descends on $E = \frac 1 2 \sum_j (o_j - t_j)^2$. For the sigmoid
  this is $w_{ij} \leftarrow w_{ij} - \eta (o_j - t_j) o_j (1 - o_j) x_i$.

Three clouds of points, and one output for each:
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

X, y = fm.datasets.blobs(150, centers=3, spread=1.2, seed=5)
X = X / 10.0
T = np.eye(3)[y]

perceptron = fm.Network(2, [fm.Dense(3, "step")], loss="perceptron", dtype="float64")
perceptron.set_parameters(np.zeros(9))
losses = perceptron.fit(X, T, epochs=60, batch_size=1, optimizer=fm.SGD(1.0), shuffle=False)["loss"]
print("perceptron: loss in epochs 1 to 5:", *(f"{loss:.4f}" for loss in losses[:5]), "... in the last:", losses[-1])
assert losses[-1] == 0.0
assert (perceptron.forward(X) == T).all()

# %%
# `fit` with this loss, one sample a step, is the perceptron rule and nothing else: written out, the rule finds the same
# weights to the last bit. (At $z = 0$ an answer counts as wrong, so that weights of zero learn. The learning rate only
# sets the scale of the weights, so it may be 1.)

weights, bias = np.zeros((2, 3)), np.zeros(3)
corrected = []  # samples in each epoch
for _ in range(60):
    corrected.append(0)
    for x, side in zip(X, 2 * T - 1, strict=True):
        z = x @ weights + bias
        move = side * (z * side <= 0)  # the target as 1 or -1 where the answer is wrong, else 0
        corrected[-1] += move.any()
        weights += np.outer(x, move)
        bias += move
print("samples corrected in the epochs 1 to 8:", *corrected[:8], "... in the last:", corrected[-1])
assert (perceptron.layers[0].weights == weights).all()
assert (perceptron.layers[0].bias == bias).all()
assert [count == 0 for count in corrected] == [loss == 0.0 for loss in losses]

# %%
# The delta rule is what `fit` does with this loss, one sample a step. The first step can be followed by hand:

delta = fm.Network(2, [fm.Dense(3, "sigmoid")], loss="half_squared_error", dtype="float64", seed=0)
w, b = delta.layers[0].weights.copy(), delta.layers[0].bias.copy()
o = 1.0 / (1.0 + np.exp(-(X[0] @ w + b)))
expected = w - 0.5 * np.outer(X[0], (o - T[0]) * o * (1.0 - o))

delta.fit(X[:1], T[:1], epochs=1, batch_size=1, optimizer=fm.SGD(0.5))
assert np.allclose(delta.layers[0].weights, expected, rtol=1e-12)

delta.reset()
history = delta.fit(X, T, epochs=60, batch_size=1, optimizer=fm.SGD(0.5), shuffle=False)
right = (delta.forward(X).argmax(axis=1) == y).mean()
print(f"delta rule: error {history['loss'][0]:.3f} in the first epoch, {history['loss'][-1]:.3f} in the last")
print(f"delta rule: {right:.0%} right")
assert history["loss"][-1] < 0.1 * history["loss"][0]
assert right == 1.0

# %%
# The perceptron has stopped at the first lines (black) that make no mistake, close to some points. The delta rule has
# moved its lines on, away from the points, for its error is not zero while an output is between 0 and 1. For each
# output, the distance from its line to the nearest point:


def distances(weights, bias):
    """Return the distance from the line of each output to the point that is nearest."""
    return (np.abs(X @ weights + bias) / np.linalg.norm(weights, axis=0)).min(axis=0)


of_perceptron, of_delta = distances(weights, bias), distances(delta.layers[0].weights, delta.layers[0].bias)
print("perceptron", of_perceptron.round(3))
print("delta rule", of_delta.round(3))
assert (of_delta > 1.5 * of_perceptron).all()

figure, (left, middle, rest) = plt.subplots(1, 3, figsize=(10.4, 3.5), width_ratios=[1, 1, 1.1])
for axes, title, (W, c) in (
    (left, "Perceptron rule", (weights, bias)),
    (middle, "Delta rule", (delta.layers[0].weights, delta.layers[0].bias)),
):
    classifier = fm.Network(2, [fm.Dense(3, "softmax")])  # its answer is the largest output
    classifier.layers[0].weights[:], classifier.layers[0].bias[:] = W, c
    plots.decision_regions(classifier, X, y, ax=axes)
    limits = axes.get_xlim(), axes.get_ylim()
    ends = np.array(limits[0])
    for j in range(3):  # where output j passes its threshold
        axes.plot(ends, -(c[j] + W[0, j] * ends) / W[1, j], color="#26282b", linewidth=0.8)
    axes.set(xlim=limits[0], ylim=limits[1], title=title)
rest.plot(range(1, 61), corrected, label="perceptron, samples corrected")
rest.plot(range(1, 61), 100 * np.array(history["loss"]), label="delta rule, 100 E")
rest.set(xlabel="epoch", title="Mistakes and error E by epoch", ylim=(0, None))
rest.legend(loc="upper right", fontsize=9)
figure.savefig("04_perceptron_and_delta_rule.png")
