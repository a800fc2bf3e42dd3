r"""A threshold neuron draws a line.

The oldest model of a neuron adds up its weighted inputs and a bias, and looks only at the sign of the sum.

With inputs $x_1, x_2$, weights $w_1, w_2$ and bias $b$ it computes

```math
z = b + w_1 x_1 + w_2 x_2, \qquad \hat y = \operatorname{sign}(z).
```

Take $b = 1$, $w_1 = 3$, $w_2 = -2$, and the point $(-1, 2)$: the sum is $-6$, so the answer is $-1$.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm


def unit(activation):
    """Return a network of one unit, z = 1 + 3 x1 - 2 x2."""
    net = fm.Network(2, [fm.Dense(1, activation)])
    net.set_parameters([3.0, -2.0, 1.0])  # the weights, then the bias
    return net


neuron = unit("sign")
z, answer = unit("identity").predict([[-1.0, 2.0]])[0], neuron.predict([[-1.0, 2.0]])[0]
print(f"z = 1 + 3 * (-1) - 2 * 2 = {z:g}, sign(z) = {answer:g}")
assert z == -6.0
assert answer == -1.0

# %%
# The same neuron can answer 1 and 0 in place of 1 and -1: its activation is then the step function of McCulloch and
# Pitts (1943). On the line itself, where $z = 0$, the sign is 0 and the step is 1.

three = [[-1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]  # z = -6, 0, 5
signs, steps = neuron.predict(three), unit("step").predict(three)
print("sign", signs, " step", steps)
assert signs.tolist() == [-1.0, 0.0, 1.0]
assert steps.tolist() == [0.0, 1.0, 1.0]

# %%
# The sum is zero on the line $1 + 3 x_1 - 2 x_2 = 0$. The weights are a vector at right angles to this line, and point
# to the side of the positive answers. So such a neuron can separate two classes if, and only if, a straight line can.

ticks = np.linspace(-4.0, 4.0, 201)
x1, x2 = np.meshgrid(ticks, ticks)
plane = np.column_stack([x1.ravel(), x2.ravel()])
answers = neuron.predict(plane).reshape(x1.shape)

on_the_line = np.column_stack([ticks, (1.0 + 3.0 * ticks) / 2.0])
assert np.abs(unit("identity").predict(on_the_line)).max() < 1e-5

figure, axes = plt.subplots(figsize=(5.0, 4.4))
axes.contourf(x1, x2, answers, levels=[-2, 0, 2], colors=["#f3d5cd", "#cfdfee"])
axes.plot(*on_the_line.T, color="#26282b", linewidth=1.2)
axes.annotate("", (1.5, -0.5), (0.0, 0.5), arrowprops={"arrowstyle": "->", "linewidth": 1.6})
axes.text(1.0, -1.1, "weights (3, -2)")
axes.plot(-1.0, 2.0, "o", color="#c4472b")
axes.text(-1.2, 2.3, "(-1, 2)", ha="right", color="#c4472b")
axes.text(2.2, 0.6, "sign = +1", color="#1f5c99", fontweight="bold")
axes.text(-3.4, 0.6, "sign = -1", color="#c4472b", fontweight="bold")
axes.set(
    xlim=(-4, 4), ylim=(-4, 4), xlabel="$x_1$", ylabel="$x_2$", aspect="equal", title="The line $1 + 3 x_1 - 2 x_2 = 0$"
)
figure.savefig("01_threshold_neuron.png")
