r"""Backpropagation is the chain rule, gate by gate.

Write a formula as a graph of small operations: values flow forward through it, and derivatives flow back.

In `fastmlp.reference` such a graph is built by computing with `Gate` objects. Each gate knows its value and the
derivative of its value by each of its inputs; `backward` multiplies these along the way back. The first circuit is

```math
f(x, y, z) = (x + y)\,z \quad\text{with}\quad q = x + y: \qquad
\frac{\partial f}{\partial z} = q, \qquad \frac{\partial f}{\partial q} = z, \qquad
\frac{\partial f}{\partial x} = \frac{\partial f}{\partial q} \cdot \frac{\partial q}{\partial x} = z \cdot 1.
```
"""

import math

import matplotlib.pyplot as plt
from circuits import draw

from fastmlp.reference import Gate, exp, sigmoid

x, y, z = Gate(-2.0), Gate(5.0), Gate(-4.0)
q = x + y
f = q * z
f.backward()
print(f"f = {f.value:g}, df/dx = {x.gradient:g}, df/dy = {y.gradient:g}, df/dz = {z.gradient:g}")
assert f.value == -12.0
assert (x.gradient, y.gradient, z.gradient) == (-4.0, -4.0, 3.0)

# %%
# The second circuit is a sigmoid neuron, $a = 1 / (1 + e^{-(w_0 x_0 + w_1 x_1 + b)})$, taken apart into sums, products,
# an exponential and a quotient. All five derivatives come from one pass backward.

w0, x0, w1, x1, b = Gate(2.0), Gate(-1.0), Gate(-3.0), Gate(-2.0), Gate(-3.0)
product0, product1 = w0 * x0, w1 * x1
total = product0 + product1
s = total + b
opposite = -s
power = exp(opposite)
denominator = 1.0 + power
a = 1.0 / denominator
a.backward()
for name, gate in {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "b": b}.items():
    print(f"da/d{name} = {gate.gradient:5.2f}")

assert round(a.value, 2) == 0.73
assert [round(gate.gradient, 2) for gate in (w0, x0, w1, x1, b)] == [-0.20, 0.39, -0.39, -0.59, 0.20]
assert math.isclose(s.gradient, a.value * (1.0 - a.value))  # the whole sigmoid at once: a (1 - a)

figure, (top, bottom) = plt.subplots(2, 1, figsize=(8.6, 5.4), height_ratios=[1.6, 3])
draw(
    top,
    {"x": (x, 0, 2), "y": (y, 0, 1), "z": (z, 0, 0), "+": (q, 1.5, 1.5), r"$\times$": (f, 3, 0.75)},
    "f = (x + y) z",
    0,
)
draw(
    bottom,
    {
        "$w_0$": (w0, 0, 4),
        "$x_0$": (x0, 0, 3),
        "$w_1$": (w1, 0, 2),
        "$x_1$": (x1, 0, 1),
        "b": (b, 0, 0),
        r"$\times$": (product0, 1, 3.5),
        r"$\times$#1": (product1, 1, 1.5),
        "+": (total, 2, 2.5),
        "+#b": (s, 3, 1.5),
        r"$\times$-1": (opposite, 4, 1.5),
        "exp": (power, 5, 1.5),
        "+1": (denominator, 6, 1.5),
        "1/": (a, 7, 1.5),
    },
    "A sigmoid neuron. Green: values, forward. Red: derivatives of the output, backward.",
)
figure.savefig("05_computational_graph.png")

# %%
# The third circuit is too long to differentiate by hand with pleasure, and no harder for the graph:
#
# ```math
# f(x, y) = \frac{x + \sigma(y)}{\sigma(x) + (x + y)^2} \quad\text{at}\quad (3, -4).
# ```
#
# Here $x$ and $y$ are used several times each; the derivatives that come back along the different ways add up. Central
# differences, $(f(x + h) - f(x - h)) / 2h$, confirm the result.


def circuit(x, y):
    """Return f as a gate."""
    return (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)


x, y = Gate(3.0), Gate(-4.0)
f = circuit(x, y)
f.backward()

h = 1e-5
slope_x = (circuit(Gate(3.0 + h), Gate(-4.0)).value - circuit(Gate(3.0 - h), Gate(-4.0)).value) / (2.0 * h)
slope_y = (circuit(Gate(3.0), Gate(-4.0 + h)).value - circuit(Gate(3.0), Gate(-4.0 - h)).value) / (2.0 * h)
print(f"f = {f.value:.4f}")
print(f"df/dx = {x.gradient:.4f}, by differences {slope_x:.4f}")
print(f"df/dy = {y.gradient:.4f}, by differences {slope_y:.4f}")
assert round(f.value, 4) == 1.5456
assert math.isclose(x.gradient, slope_x, rel_tol=1e-6)
assert math.isclose(y.gradient, slope_y, rel_tol=1e-6)
