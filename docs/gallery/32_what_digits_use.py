r"""What a digit uses, and what becomes of it when it moves.

The weights of the output layer say which hidden features speak for a digit and which against it; a picture that is
shifted or turned has other features, and the network was never told that it is the same digit.

The network is the one of [page 19](19_mnist_one_versus_all.md): 25 hidden units, ten sigmoids.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

name, X_train, y_train, X_test, y_test = fm.datasets.load_handwriting()
X_train, X_test = X_train / np.float32(255), X_test / np.float32(255)
side = round(X_train.shape[1] ** 0.5)
is_mnist = name == "MNIST"
net = fm.Network(side * side, [fm.Dense(25, "sigmoid"), fm.Dense(10, "sigmoid")], l2=1e-4, seed=0)
epochs, rate = (15, 0.003) if is_mnist else (100, 0.01)
net.fit(X_train, y_train, epochs=epochs, batch_size=100, optimizer=fm.Adam(rate))
upright = net.evaluate(X_test, y_test)["accuracy"]
print(f"{name}: {upright:.1%} of the test digits right")
assert upright > 0.9

# %%
# A row for each hidden unit, a column for each digit: blue weights speak for the digit, red ones against it. Below, for
# the digit 2, the three features that speak for it most and the three that speak against it, as pictures of their own
# weights: blue pixels switch a feature on, red ones off.

into, out = net.layers[0].weights, net.layers[1].weights
order = np.argsort(-out[:, 2])
chosen = [*order[:3], *order[-3:]]
print("for a 2:", *(f"unit {unit} ({out[unit, 2]:+.1f})" for unit in order[:3]))
print("against:", *(f"unit {unit} ({out[unit, 2]:+.1f})" for unit in order[-3:]))
assert (out[order[:3], 2] > 0).all()
assert (out[order[-3:], 2] < 0).all()

figure = plt.figure(figsize=(9.6, 5.2))
left, right = figure.subfigures(1, 2, width_ratios=[1, 1.25])
axes = left.subplots()
limit = np.abs(out).max()
shown = axes.imshow(out, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
axes.set(xlabel="digit", ylabel="hidden unit", xticks=range(10), yticks=range(0, 25, 4), title="Weights of the outputs")
left.colorbar(shown, ax=axes)
limit = np.percentile(np.abs(into), 99)
right.suptitle("Features that speak for a 2 (above) and against it (below)", fontsize=11)
for panel, unit in zip(right.subplots(2, 3).ravel(), chosen, strict=True):
    panel.imshow(into[:, unit].reshape(side, side), cmap="RdBu", vmin=-limit, vmax=limit)
    panel.set(xticks=[], yticks=[], title=f"unit {unit}: {out[unit, 2]:+.1f}")
figure.savefig("32_what_digits_use.png")

# %%
# Now the test digits move: by whole pixels to the right, and around their middle. Each pixel is a weight of its own, so
# nothing of what was learned at one place is known at another. (Convolutional networks share weights over places; more
# training pictures, shifted and turned, help a dense network.)


def shifted(pictures, pixels):
    """Return pictures whose content stands so many pixels further right."""
    moved = np.zeros_like(pictures).reshape(-1, side, side)
    moved[:, :, pixels:] = pictures.reshape(-1, side, side)[:, :, : side - pixels]
    return moved.reshape(len(pictures), -1)


def turned(pictures, degrees):
    """Return pictures turned to the left, each pixel taken from where it came, between four neighbours."""
    angle = np.radians(degrees)
    middle = (side - 1) / 2
    y, x = np.mgrid[:side, :side] - middle
    x, y = np.cos(angle) * x - np.sin(angle) * y + middle, np.sin(angle) * x + np.cos(angle) * y + middle
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    found = np.zeros((len(pictures), side, side), np.float32)
    grid = np.pad(pictures.reshape(-1, side, side), ((0, 0), (1, 2), (1, 2)))
    for i, j, share in ((0, 0, (1 - y + row) * (1 - x + column)), (0, 1, (1 - y + row) * (x - column)),
                        (1, 0, (y - row) * (1 - x + column)), (1, 1, (y - row) * (x - column))):  # fmt: skip
        found += share * grid[:, np.clip(row + i + 1, 0, side + 1), np.clip(column + j + 1, 0, side + 1)]
    return found.reshape(len(pictures), -1).astype(np.float32)


moves = [("shifted by 1 pixel", shifted(X_test, 1)), ("shifted by 2", shifted(X_test, 2))]
moves += [(f"turned by {angle} degrees", turned(X_test, angle)) for angle in (15, 30, 90)]
rows = [("as they are", X_test), *moves]
shares = []
for what, pictures in rows:
    shares.append(float((net.predict(pictures) == y_test).mean()))
    print(f"{what:22} {shares[-1]:6.1%} right")
assert shares[2] < shares[1] < shares[0]
assert shares[5] < 0.5 < shares[0]

figure, panels = plt.subplots(1, len(rows), figsize=(9.6, 2.2))
example = int(np.flatnonzero((y_test == 2) & (net.predict(X_test) == 2))[0])
for panel, (what, pictures), share in zip(panels, rows, shares, strict=True):
    panel.imshow(pictures[example].reshape(side, side), cmap="Greys")
    answer = net.predict(pictures[[example]])[0]
    panel.set(xticks=[], yticks=[], xlabel=f"read as {answer}\n{share:.0%} of all right")
    panel.set_title(what.replace(" by ", "\nby "), fontsize=9)
figure.savefig("32_what_digits_use_moved.png")
