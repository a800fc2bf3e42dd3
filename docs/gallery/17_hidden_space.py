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
# A single unit is trained on the points as each space shows them. On the inputs it can do little better than guess, on
# the hidden activations it makes no mistake.

Z = net.activations(X)[0]
for name, points in (("x-space", X), ("z-space", Z)):
    unit = fm.Network(points.shape[1], [fm.Dense(1, "sigmoid")], seed=0)
    unit.fit(points, y, epochs=300, batch_size=30, optimizer=fm.Adam(0.05))
    accuracy = unit.evaluate(points, y)["accuracy"]
    print(f"one unit in {name}: {accuracy:.1%} right")
    assert accuracy < 0.7 if points is X else accuracy == 1.0

# %%
# On the left the x-space, with the line of each hidden unit. On the right the z-space, seen along the plane of the last
# unit: it appears as a line, and the classes lie on its two sides.

figure = plt.figure(figsize=(9.4, 4.0))
left = figure.add_subplot(1, 2, 1)
plots.decision_regions(net, X, y, ax=left)
limits = left.get_xlim(), left.get_ylim()
for w, b in zip(net.layers[0].weights.T, net.layers[0].bias, strict=True):
    ends = np.array(limits[0])
    left.plot(ends, -(b + w[0] * ends) / w[1], color="#26282b", linewidth=1)
left.set(title="x-space", xlim=limits[0], ylim=limits[1], aspect="equal")

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
