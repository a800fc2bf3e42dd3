r"""Sums distribute, maxima route, products switch.

Each kind of gate treats the derivative that comes back to it in its own way, and this is worth knowing by heart.

| gate | derivatives by its inputs | what it does with the derivative $g$ that comes back |
|---|---|---|
| $x + y$ | $1, 1$ | distributes: both inputs receive $g$ |
| $\max(x, y)$ | $1$ for the larger, $0$ for the other | routes: the larger input receives $g$, the other nothing |
| $x \cdot y$ | $y, x$ | switches: $x$ receives $y g$, and $y$ receives $x g$ |
| one value used twice | $1$ on each way | adds: it receives the sum of what comes back |

To see it, each gate below is multiplied by 2, so that $g = 2$ comes back to it.
"""

import matplotlib.pyplot as plt
from circuits import draw

from fastmlp.reference import Gate, maximum

figure, panels = plt.subplots(2, 2, figsize=(8.6, 4.4))

x, y = Gate(3.0), Gate(-4.0)
gate = x + y
f = 2.0 * gate
f.backward()
print("sum:     ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (2.0, 2.0)
draw(
    panels[0, 0],
    {"x": (x, 0, 1), "y": (y, 0, 0), "+": (gate, 1, 0.5), r"$\times$ 2": (f, 2, 0.5)},
    "A sum distributes",
    0,
)

x, y = Gate(3.0), Gate(-4.0)
gate = maximum(x, y)
f = 2.0 * gate
f.backward()
print("maximum: ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (2.0, 0.0)
draw(
    panels[0, 1],
    {"x": (x, 0, 1), "y": (y, 0, 0), "max": (gate, 1, 0.5), r"$\times$ 2": (f, 2, 0.5)},
    "A maximum routes",
    0,
)

x, y = Gate(3.0), Gate(-4.0)
gate = x * y
f = 2.0 * gate
f.backward()
print("product: ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (-8.0, 6.0)
draw(
    panels[1, 0],
    {"x": (x, 0, 1), "y": (y, 0, 0), r"$\times$": (gate, 1, 0.5), r"$\times$ 2": (f, 2, 0.5)},
    "A product switches",
    0,
)

x, y, z = Gate(3.0), Gate(-4.0), Gate(5.0)
upper, lower = x * y, x * z
f = 2.0 * (upper + lower)
f.backward()
print("branches:", x.gradient, "=", 2.0 * y.value, "+", 2.0 * z.value)
assert x.gradient == 2.0 * (y.value + z.value) == 2.0
places = {"y": (y, 0, 2), "x": (x, 0, 1), "z": (z, 0, 0), r"$\times$": (upper, 1, 1.6), r"$\times$#z": (lower, 1, 0.4)}
draw(panels[1, 1], {**places, r"+, $\times$ 2": (f, 2, 1)}, "Branches add up", 0)
figure.savefig("06_backward_flow.png")

# %%
# The switch matters in training: the derivative by a weight is multiplied by the weight's input, so an input a thousand
# times larger than the others moves its weights a thousand times as far. This is one reason
# [to scale the inputs](15_scaling_inputs.md). The router is at work in every rectified linear unit, $\max(z, 0)$: it
# passes the derivative on, or stops it.
