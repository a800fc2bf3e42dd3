r"""The gradient by the input shows what the network looks at.

Backpropagation does not stop at the weights: one product more gives the derivative of a score by every pixel of the
picture.

Where this derivative is positive, more ink would raise the score; where it is negative, more ink would lower it.
`net.gradients(X, y).inputs` holds the derivatives of the mean loss. For the score of one class, take a network without
softmax and the loss $\frac 1 2 \sum_k (s_k - t_k)^2$, whose derivative by score $s_k$ is $s_k - t_k$: with the target
$t = s - e_c$, it is 1 for class $c$ and 0 for the others.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

name, X_train, y_train, X_test, y_test = fm.datasets.load_handwriting()
X_train, X_test = X_train / np.float32(255), X_test / np.float32(255)
n_pixels = X_train.shape[1]
side = int(n_pixels**0.5)
net = fm.Network(n_pixels, [fm.Dense(50, "relu"), fm.Dense(10, "softmax")], l2=1e-3, seed=0)
net.fit(X_train, y_train, epochs=5 if name == "MNIST" else 60, batch_size=100, optimizer=fm.Adam(0.002))
accuracy = net.evaluate(X_test, y_test)["accuracy"]
print(f"{name}: {accuracy:.1%} of the test digits right")
assert accuracy > 0.9

scorer = fm.Network(n_pixels, [fm.Dense(50, "relu"), fm.Dense(10)], loss="half_squared_error")
scorer.set_parameters(net.get_parameters())


def score_gradient(picture, label):
    """Return the derivative of the score of a class by every pixel."""
    target = scorer.forward([picture]) - np.eye(10)[[label]]
    return scorer.gradients([picture], target).inputs[0]


pictures = np.array([X_test[y_test == digit][0] for digit in range(10)])
gradients = np.array([score_gradient(picture, digit) for digit, picture in enumerate(pictures)])

# %%
# That these are derivatives can be seen by taking a small step: along the gradient $g$ the score rises by
# $\varepsilon \lVert g \rVert^2$.

scores = scorer.forward(pictures)[np.arange(10), np.arange(10)]
small = 1e-3
moved = scorer.forward(pictures + small * gradients)[np.arange(10), np.arange(10)]
expected = small * (gradients**2).sum(axis=1)
print("rise of the score of 0:", f"{moved[0] - scores[0]:.6f}, expected {expected[0]:.6f}")
assert np.allclose(moved - scores, expected, rtol=0.05, atol=1e-5)

# %%
# The same derivatives mislead the network with little effort. Change every pixel by at most 0.15, in the direction that
# raises the loss (the fast gradient sign method of Goodfellow, Shlens and Szegedy, 2015): to the eye little happens, to
# the network a lot. The same changes at random pixels do little harm.


def share_right(pictures):
    """Return the share of these test pictures that are read correctly."""
    return float((net.predict(pictures) == y_test).mean())


step = 0.15 * np.sign(net.gradients(X_test, y_test).inputs)
misleading = np.clip(X_test + step, 0.0, 1.0)
random = np.clip(X_test + np.random.default_rng(0).permuted(step, axis=1), 0.0, 1.0)
print(f"right: {accuracy:.1%}; changed at random {share_right(random):.1%}, to mislead {share_right(misleading):.1%}")
assert share_right(random) > accuracy - 0.1
assert share_right(misleading) < 0.5 * accuracy

figure, rows = plt.subplots(3, 10, figsize=(10.0, 4.0))
limit = np.abs(gradients).max()
for digit in range(10):
    changed = misleading[y_test == digit][0]
    for axes, values, style in (
        (rows[0, digit], pictures[digit], {"cmap": "Greys", "vmin": 0, "vmax": 1}),
        (rows[1, digit], gradients[digit], {"cmap": "RdBu", "vmin": -limit, "vmax": limit}),
        (rows[2, digit], changed, {"cmap": "Greys", "vmin": 0, "vmax": 1}),
    ):
        axes.imshow(values.reshape(side, side), **style)
        axes.set(xticks=[], yticks=[], frame_on=False)
    rows[0, digit].set_xlabel(f"read as {net.predict([pictures[digit]])[0]}")
    rows[2, digit].set_xlabel(f"read as {net.predict([changed])[0]}")
for axes, label in zip(rows[:, 0], ("picture", "gradient of\nits score", "misleading"), strict=True):
    axes.set_ylabel(label)
figure.savefig("22_input_gradient.png")

# %%
# Blue in the second row: more ink there raises the score of this digit. Red: it lowers it. White: it makes no
# difference.
