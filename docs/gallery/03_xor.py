r"""Exclusive or needs a hidden layer.

No straight line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other; a hidden layer moves the points
until one does.

A single unit with threshold would have to satisfy

```math
b < 0, \qquad b + w_1 > 0, \qquad b + w_2 > 0, \qquad b + w_1 + w_2 < 0.
```

The second and third add up to $2b + w_1 + w_2 > 0$, the first and last to $2b + w_1 + w_2 < 0$: a contradiction.
Training shows the same. The cross-entropy of one sigmoid unit is convex, and its minimum is reached with all weights
zero: the unit says "one half" to everything, at a loss of $\log 2 \approx 0.693$.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

X, y = fm.datasets.xor()
unit = fm.Network(2, [fm.Dense(1, "sigmoid")], seed=0)
unit.fit(X, y, epochs=2000, batch_size=None, optimizer=fm.SGD(1.0))
print("one unit:     loss", round(unit.loss(X, y), 4), " outputs", unit.forward(X)[:, 0].round(2))
assert math.isclose(unit.loss(X, y), math.log(2.0), abs_tol=1e-4)
assert np.abs(unit.forward(X) - 0.5).max() < 0.01

# %%
# Two hidden units are enough.

net = fm.Network(2, [fm.Dense(2, "tanh"), fm.Dense(1, "sigmoid")], seed=1)
net.fit(X, y, epochs=300, batch_size=None, optimizer=fm.Adam(0.1))
print("hidden layer: loss", round(net.loss(X, y), 4), " outputs", net.forward(X)[:, 0].round(2))
assert net.loss(X, y) < 0.05
assert net.predict(X).tolist() == [0, 1, 1, 0]

# %%
# On the left, each hidden unit has drawn a line (dashed), where its output changes its sign, and the two points of
# class 0 lie between. On the right is what the last unit sees, the plane of the two hidden activations: these two
# points have moved onto one spot, and a line (black) separates the classes. The numbers are the inputs.

hidden = net.activations(X)[0]
assert np.abs(hidden[0] - hidden[3]).max() < 0.1

figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
plots.decision_regions(net, X, y, ax=left, unit_lines=True).set_title("In the space of the inputs")
left.get_legend().remove()
plots.hidden_space(net, X, y, ax=right).set_title("In the space of the hidden layer")
for text, place in (("(0, 0), (1, 1)", (hidden[0] + hidden[3]) / 2), ("(0, 1)", hidden[1]), ("(1, 0)", hidden[2])):
    right.annotate(text, place, (0, 8), textcoords="offset points", ha="center", fontsize=9)
w, b = net.layers[1].weights[:, 0], net.layers[1].bias[0]
ends = np.array([-1.2, 1.2])
right.plot(ends, -(b + w[0] * ends) / w[1], color="#26282b", linewidth=1)
right.legend(title="class", loc="center left")
right.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.3))
figure.savefig("03_xor.png")
