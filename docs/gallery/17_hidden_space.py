r"""A hidden layer makes the classes separable by a plane.

The last layer can only draw a straight border; the layer before it moves the points until a straight border will do.

One class is a disc, the other a ring around it. In the plane of the inputs, the x-space, no line separates them. Three
hidden units $z_k = \tanh(b_k + w_{1k} x_1 + w_{2k} x_2)$ take every point to a place in a space of three dimensions,
the z-space, and there the last unit has to separate the classes by a plane.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

generator = np.random.default_rng(0)
y = np.arange(300) % 2
radius = np.where(y == 1, generator.uniform(0.0, 1.0, 300) ** 0.5, generator.uniform(1.5, 2.0, 300))
angle = generator.uniform(0.0, 2.0 * np.pi, 300)
X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1, "sigmoid")], seed=2)
net.fit(X, y, epochs=600, batch_size=30, optimizer=fm.Adam(0.02))
print(f"{net.evaluate(X, y)['accuracy']:.1%} right")
assert net.evaluate(X, y)["accuracy"] == 1.0

# %%
# A single unit is trained on the points as each space shows them. On the inputs it does no better than a guess, on the
# hidden activations it makes no mistake.

Z = net.activations(X)[0]
for name, points in (("x-space", X), ("z-space", Z)):
    unit = fm.Network(points.shape[1], [fm.Dense(1, "sigmoid")], seed=0)
    unit.fit(points, y, epochs=300, batch_size=30, optimizer=fm.Adam(0.05))
    accuracy = unit.evaluate(points, y)["accuracy"]
    print(f"one unit in {name}: {accuracy:.1%} right")
    assert accuracy < 0.7 if points is X else accuracy == 1.0

# %%
# On the left the x-space, with the line of each hidden unit (dashed) and the border between the answers (white): it
# turns where a line is near, for there a unit changes its mind. On the right the z-space, seen along the plane of the
# last unit: it appears as a line, and the classes lie on its two sides.

figure = plt.figure(figsize=(9.4, 4.0))
left = figure.add_subplot(1, 2, 1)
plots.decision_regions(net, X, y, ax=left, unit_lines=True)
left.set(title="x-space", aspect="equal")

right = figure.add_subplot(1, 2, 2)
normal = net.layers[1].weights[:, 0] / np.linalg.norm(net.layers[1].weights)
along = np.linalg.svd(Z - Z.mean(axis=0) - np.outer((Z - Z.mean(axis=0)) @ normal, normal))[2][0]
offset = net.layers[1].bias[0] / np.linalg.norm(net.layers[1].weights)
for label, marker, color in ((0, "o", "#0072B2"), (1, "s", "#E69F00")):
    right.plot(Z[y == label] @ along, Z[y == label] @ normal + offset, marker, color=color, markersize=4, label=label)
right.axhline(0.0, color="#26282b", linewidth=1)
right.set(title="z-space, seen along the last unit's plane", xlabel="along the plane", ylabel="distance from the plane")
right.legend(title="class")
figure.savefig("17_hidden_space.png")

# %%
# How many units does it take? Two lines enclose no region of the plane, so two hidden units can't separate the disc,
# and four can: each cuts a side off. Here the classes have an output each, a softmax of two, and the z-space of four
# units is shown by its two principal components. (With two units the z-space is a plane, and the picture shows all of
# it.)

figure, panels = plt.subplots(2, 2, figsize=(9.0, 7.6))
shares = []
for units, (x_space, z_space) in zip((2, 4), panels, strict=True):
    net = fm.Network(2, [fm.Dense(units, "tanh"), fm.Dense(2, "softmax")], seed=7)
    net.fit(X, y, epochs=600, batch_size=30, optimizer=fm.Adam(0.02))
    shares.append(net.evaluate(X, y)["accuracy"])
    plots.decision_regions(net, X, y, ax=x_space, unit_lines=True).set_title(f"x-space, {units} hidden units")
    plots.hidden_space(net, X, y, ax=z_space).set_title(f"z-space: {shares[-1]:.0%} of the samples right")
    x_space.get_legend().remove()
    z_space.locator_params(nbins=5)
figure.savefig("17_hidden_space_2_and_4.png")
print("right with 2 and 4 units:", *(f"{share:.1%}" for share in shares))
assert shares[0] < 0.9
assert shares[1] == 1.0
