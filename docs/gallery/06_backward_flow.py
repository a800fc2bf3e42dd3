r"""Sums distribute, maxima route, products switch.

Each kind of gate treats the derivative that comes back to it in its own way, and this is worth knowing by heart.

| gate | derivatives by its inputs | what it does with the derivative $g$ that comes back |
|---|---|---|
| $x + y$ | $1, 1$ | distributes: both inputs receive $g$ |
| $\max(x, y)$ | $1$ for the larger, $0$ for the other | routes: the larger input receives $g$, the other nothing |
| $x \cdot y$ | $y, x$ | switches: $x$ receives $y g$, and $y$ receives $x g$ |
| one value used twice | $1$ on each way | adds: it receives the sum of what comes back |

To see it, each gate below is multiplied by 2, so that $g = 2$ comes back to it. In the picture green numbers above are
values, on their way forward (to the right), and orange ones below derivatives, on their way back.
"""

import matplotlib.pyplot as plt

from fastmlp import plots
from fastmlp.reference import Gate, maximum

figure, panels = plt.subplots(2, 2, figsize=(8.6, 5.4))

x, y = Gate(3.0, name="x"), Gate(-4.0, name="y")
gate = x + y
f = 2.0 * gate
f.backward()
print("sum:     ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (2.0, 2.0)
plots.computational_graph(f, ax=panels[0, 0], digits=0).set_title("A sum distributes")

x, y = Gate(3.0, name="x"), Gate(-4.0, name="y")
gate = maximum(x, y)
f = 2.0 * gate
f.backward()
print("maximum: ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (2.0, 0.0)
plots.computational_graph(f, ax=panels[0, 1], digits=0).set_title("A maximum routes")

x, y = Gate(3.0, name="x"), Gate(-4.0, name="y")
gate = x * y
f = 2.0 * gate
f.backward()
print("product: ", x.gradient, y.gradient)
assert (x.gradient, y.gradient) == (-8.0, 6.0)
plots.computational_graph(f, ax=panels[1, 0], digits=0).set_title("A product switches")

x, y, z = Gate(3.0, name="x"), Gate(-4.0, name="y"), Gate(5.0, name="z")
upper, lower = x * y, x * z
f = 2.0 * (upper + lower)
f.backward()
print("branches:", x.gradient, "=", 2.0 * y.value, "+", 2.0 * z.value)
assert x.gradient == 2.0 * (y.value + z.value) == 2.0
plots.computational_graph(f, ax=panels[1, 1], digits=0).set_title("Branches add up")
figure.savefig("06_backward_flow.png")

# %%
# The switch matters in training: the derivative by a weight is multiplied by the weight's input, so an input a thousand
# times larger than the others moves its weights a thousand times as far. This is one reason
# [to scale the inputs](15_scaling_inputs.md). The router is at work in every rectified linear unit, $\max(z, 0)$: it
# passes the derivative on, or stops it.
