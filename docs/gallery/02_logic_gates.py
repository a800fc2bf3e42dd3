r"""Sigmoid units compute logic.

A sigmoid unit with large weights is a soft switch, and a few of them make the functions of logic.

```math
a = \sigma(b + w_1 x_1 + w_2 x_2), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}
```

With $\lvert z \rvert \ge 10$ at the four corners, the output is within $5 \cdot 10^{-5}$ of 0 or 1. One unit is enough
for AND, OR and NOR: the bias decides how many inputs must be on.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

corners, _ = fm.datasets.xor()  # (0, 0), (0, 1), (1, 0), (1, 1)
gates = {}
for name, (bias, w1, w2) in {"AND": (-30, 20, 20), "OR": (-10, 20, 20), "NOR": (10, -20, -20)}.items():
    gates[name] = fm.Network(2, [fm.Dense(1, "sigmoid")])
    gates[name].layers[0].weights[:] = [[w1], [w2]]
    gates[name].layers[0].bias[:] = bias

# %%
# XNOR is on if both inputs are equal. No single unit computes it (see [the next page](03_xor.md)), but "both or
# neither" can be said with the gates above, as (x1 AND x2) OR (x1 NOR x2). So AND and NOR become the two units of a
# hidden layer, and OR the output.

xnor = fm.Network(2, [fm.Dense(2, "sigmoid"), fm.Dense(1, "sigmoid")])
xnor.layers[0].weights[:] = [[20, -20], [20, -20]]
xnor.layers[0].bias[:] = [-30, 10]
xnor.layers[1].weights[:] = [[20], [20]]
xnor.layers[1].bias[:] = -10
gates["XNOR"] = xnor

truth = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NOR": [1, 0, 0, 0], "XNOR": [1, 0, 0, 1]}
print("x1 x2", *gates, sep="   ")
outputs = np.column_stack([net.forward(corners)[:, 0] for net in gates.values()])
for corner, row in zip(corners, outputs, strict=True):
    print("{:2g} {:2g}".format(*corner), *(f"{a:.3f}" for a in row))

assert np.abs(outputs - np.column_stack(list(truth.values()))).max() < 5e-5
for name, net in gates.items():
    assert net.predict(corners).tolist() == truth[name]

# %%
# Each unit draws one line. The two lines of the hidden layer leave a strip between them, which is where XNOR is off.

ticks = np.linspace(-0.3, 1.3, 161)
x1, x2 = np.meshgrid(ticks, ticks)
plane = np.column_stack([x1.ravel(), x2.ravel()])
figure, panels = plt.subplots(1, 4, figsize=(9.6, 3.1), sharey=True)
for axes, (name, net) in zip(panels, gates.items(), strict=True):
    shades = axes.pcolormesh(x1, x2, net.forward(plane).reshape(x1.shape), cmap="Blues", vmin=-0.1, vmax=1.6)
    for corner, answer in zip(corners, truth[name], strict=True):
        axes.text(*corner, answer, ha="center", va="center", fontweight="bold", fontsize=13)
    axes.set(title=name, xlabel="$x_1$", aspect="equal", xticks=[0, 1], yticks=[0, 1])
panels[0].set_ylabel("$x_2$")
figure.savefig("02_logic_gates.png")
