r"""One more input makes exclusive or linear.

A straight line can't separate the classes of exclusive or in the plane, but a plane can in space, once the product of
the inputs is an input too.

[Page 3](03_xor.md) needed a hidden layer. Here the points are moved by hand: a *feature map*
$\varphi(u, v) = (u, v, uv)$ adds a third coordinate, and a single unit with threshold does the rest,

```math
u + v - 2\,uv - \tfrac 1 2 \ge 0.
```

That is what a hidden layer learns by itself: features in which the last unit's question is a linear one.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

X, y = fm.datasets.xor()
features = np.column_stack([X, X[:, 0] * X[:, 1]])
unit = fm.Network(3, [fm.Dense(1, "step")], loss="perceptron", dtype="float64")
unit.set_parameters([1.0, 1.0, -2.0, -0.5])
print("u v uv -> answer")
for (u, v, uv), answer in zip(features, unit.predict(features), strict=True):
    print(f"{u:.0f} {v:.0f} {uv:.0f}  -> {answer:.0f}")
assert unit.predict(features).tolist() == [0, 1, 1, 0]

# %%
# The perceptron's rule ([page 4](04_perceptron_and_delta_rule.md)) finds such a plane too, since there is one; on (u,
# v) alone it would go on for ever.

learned = fm.Network(3, [fm.Dense(1, "step")], loss="perceptron", dtype="float64", seed=0)
learned.fit(features, y, epochs=50, batch_size=1, optimizer=fm.SGD(0.5), shuffle=False)
w, b = learned.layers[0].weights[:, 0], learned.layers[0].bias[0]
print(f"learned: {w[0]:+.2f} u {w[1]:+.2f} v {w[2]:+.2f} uv {b:+.2f}")
assert learned.predict(features).tolist() == [0, 1, 1, 0]

figure = plt.figure(figsize=(9.0, 4.2))
left = figure.add_subplot(1, 2, 1)
right = figure.add_subplot(1, 2, 2, projection="3d")
grid = np.linspace(-0.4, 1.4, 200)
u, v = np.meshgrid(grid, grid)
inside = u + v - 2 * u * v - 0.5
left.contourf(u, v, inside, levels=[-9, 0, 9], colors=["#0072B2", "#E69F00"], alpha=0.25)
left.contour(u, v, inside, levels=[0], colors="#26282b", linewidths=1)
for label, marker, color in ((0, "o", "#0072B2"), (1, "s", "#E69F00")):
    points = features[y == label]
    left.plot(points[:, 0], points[:, 1], marker, color=color, markersize=8, label=label)
    right.plot(points[:, 0], points[:, 1], points[:, 2], marker, color=color, markersize=8, label=label)
left.set(xlabel="u", ylabel="v", title="In the plane the border is a curve")
left.legend(title="class", loc="center")
u, v = np.meshgrid([-0.2, 1.2], [-0.2, 1.2])
right.plot_surface(u, v, (u + v - 0.5) / 2, color="#555555", alpha=0.25)
right.set(xlabel="u", ylabel="v", zlabel="uv", title="In space it is a plane")
right.set(xticks=[0, 1], yticks=[0, 1], zticks=[0, 1])
right.view_init(elev=18, azim=-72)
figure.savefig("31_feature_map.png")
