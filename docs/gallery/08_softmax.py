r"""Softmax turns scores into probabilities.

The exponential makes every score positive, and dividing by the sum makes them add up to one.

```math
a_k = \frac{e^{z_k}}{\sum_j e^{z_j}}
```

A layer with softmax whose weights are the identity matrix shows this for given scores:
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

classes = ["tulip", "rose", "daisy", "poppy"]
scores = np.array([2.0, 1.0, -1.0, 0.5])
layer = fm.Network(4, [fm.Dense(4, "softmax")], dtype="float64")
layer.layers[0].weights[:] = np.eye(4)

probabilities = layer.forward([scores])[0]
for name, z, a in zip(classes, scores, probabilities, strict=True):
    print(f"{name:6} score {z:4.1f}   exp {np.exp(z):5.2f}   probability {a:.2f}")
assert np.allclose(probabilities, np.exp(scores) / np.exp(scores).sum(), rtol=1e-14)
assert np.isclose(probabilities.sum(), 1.0)

# %%
# Only differences of scores matter: the same number added to all of them cancels in the quotient. So the largest score
# can be taken away first, and scores of thousands do no harm.

assert np.allclose(layer.forward([scores + 1000.0])[0], probabilities)

# %%
# The scores' scale says how sure the answer is: small scores give nearly equal probabilities, large ones nearly a
# maximum, which is where the name comes from.

scales = (0.2, 1.0, 5.0)
answers = [layer.forward([scale * scores])[0] for scale in scales]
assert answers[0].max() < 0.4
assert answers[2].max() > 0.99

figure, panels = plt.subplots(1, 3, figsize=(9.0, 2.8), sharey=True)
for axes, scale, answer in zip(panels, scales, answers, strict=True):
    bars = axes.bar(classes, answer, color="#9db8d2")
    axes.bar_label(bars, fmt="%.2f", fontsize=9)
    axes.set(title=f"scores times {scale:g}", ylim=(0, 1.1), yticks=[0, 0.5, 1])
panels[0].set_ylabel("probability")
figure.savefig("08_softmax.png")

# %%
# With cross-entropy, $-\log a_c$ for the right class $c$, the derivative by the scores is as simple as it could be:
# $a_k - 1$ for the right class, and $a_k$ for the others. Training raises the right score, and lowers each other one in
# proportion to how much it was believed.

derivative = layer.gradients([scores], [1]).inputs[0]  # the right answer is a rose
print("derivative by the scores:", derivative.round(2))
assert np.allclose(derivative, probabilities - [0, 1, 0, 0])

# %%
# Sigmoids answer another question. Softmax spreads one certainty over classes that exclude each other; a sigmoid for
# each output asks "is there a tulip?", "is there a rose?", each for itself, and the answers need not add up to one. For
# the same scores:

separate = fm.activations.Sigmoid()(scores)
for name, together, alone in zip(classes, probabilities, separate, strict=True):
    print(f"{name:6} softmax {together:.2f}   sigmoid {alone:.2f}")
print(f"sum    softmax {probabilities.sum():.2f}   sigmoid {separate.sum():.2f}")
assert separate.sum() > 1.5

figure, axes = plt.subplots(figsize=(6.4, 3.2))
places = np.arange(4)
axes.bar_label(axes.bar(places - 0.2, probabilities, 0.38, label="softmax: which one is it?"), fmt="%.2f", fontsize=9)
axes.bar_label(axes.bar(places + 0.2, separate, 0.38, label="sigmoids: is it there?"), fmt="%.2f", fontsize=9)
axes.set(
    xticks=places, xticklabels=classes, ylim=(0, 1.15), ylabel="probability", title="The same scores, two questions"
)
axes.legend()
figure.savefig("08_softmax_and_sigmoids.png")
