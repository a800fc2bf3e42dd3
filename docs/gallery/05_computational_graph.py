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

from fastmlp import Dense, plots, reference
from fastmlp.reference import Gate, exp, sigmoid

x, y, z = Gate(-2.0, name="x"), Gate(5.0, name="y"), Gate(-4.0, name="z")
q = x + y
f = q * z
q.name, f.name = "q", "f"
f.backward()
print(f"f = {f.value:g}, df/dx = {x.gradient:g}, df/dy = {y.gradient:g}, df/dz = {z.gradient:g}")
assert f.value == -12.0
assert (x.gradient, y.gradient, z.gradient) == (-4.0, -4.0, 3.0)

# %%
# The second circuit is a sigmoid neuron, $a = 1 / (1 + e^{-(w_0 x_0 + w_1 x_1 + b)})$, taken apart into sums, products,
# an exponential and a quotient. All five derivatives come from one pass backward.

names = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "b": -3.0}
w0, x0, w1, x1, b = (Gate(value, name=name) for name, value in names.items())
s = w0 * x0 + w1 * x1 + b
a = 1.0 / (1.0 + exp(-s))
a.name = "a"
a.backward()
for gate in (w0, x0, w1, x1, b):
    print(f"da/d{gate.name} = {gate.gradient:5.2f}")

assert round(a.value, 2) == 0.73
assert [round(gate.gradient, 2) for gate in (w0, x0, w1, x1, b)] == [-0.20, 0.39, -0.39, -0.59, 0.20]
assert math.isclose(s.gradient, a.value * (1.0 - a.value))  # the whole sigmoid at once: a (1 - a)

figure, (top, bottom) = plt.subplots(2, 1, figsize=(8.6, 6.4), height_ratios=[2, 3])
plots.computational_graph(f, ax=top, digits=0).set_title("f = (x + y) z")
plots.computational_graph(a, ax=bottom).set_title("A sigmoid neuron")
figure.savefig("05_computational_graph.png")

# %%
# Green numbers above are values, on their way forward; orange ones below are derivatives of the last gate, on their way
# back.
#
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


x, y = Gate(3.0, name="x"), Gate(-4.0, name="y")
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

figure, axes = plt.subplots(figsize=(8.6, 4.0))
plots.computational_graph(f, ax=axes, digits=4).set_title("A quotient; each sigmoid is drawn as one step")
figure.savefig("05_computational_graph_quotient.png")

# %%
# A network is such a graph too. Each weight is a leaf, and its derivative is what it needs to learn.

small = reference.Network(2, [Dense(2, "tanh"), Dense(1, "sigmoid")], loss="mse")
small.set_parameters([1.0, -1.0, 0.5, 2.0, 0.0, 0.5, 1.0, -1.5, 0.25])
loss = small.circuit([[1.0, -1.0]], [0.0]).loss
loss.backward()
figure, axes = plt.subplots(figsize=(8.6, 5.2))
plots.computational_graph(loss, ax=axes).set_title("A network of 2-2-1, and its loss")
figure.savefig("05_computational_graph_network.png")
