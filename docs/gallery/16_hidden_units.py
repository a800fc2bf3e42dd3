r"""More hidden units, more bends.

Each hidden unit can bend the border between two classes about once, so a border with many bends needs many units.

Two arms of a spiral are wound around each other by one and a half turns. Networks of 3, 6 and 20 hidden units are
trained on them in the same way.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

generator = np.random.default_rng(0)
y = np.arange(200) % 2
along = np.linspace(0.25, 1.0, 100).repeat(2)
angle = 2.0 * np.pi * 1.5 * along + np.pi * y
X = 2.0 * along[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.05 * generator.normal(size=(200, 2))

nets, accuracy = {}, {}
for units in (3, 6, 20):
    nets[units] = fm.Network(2, [fm.Dense(units, "tanh"), fm.Dense(1, "sigmoid")], seed=0)
    nets[units].fit(X, y, epochs=500, batch_size=20, optimizer=fm.Adam(0.03))
    accuracy[units] = nets[units].evaluate(X, y)["accuracy"]
    print(f"{units:2} hidden units: {nets[units].n_parameters:2} parameters, {accuracy[units]:.1%} right")

assert accuracy[3] < 0.85
assert 0.95 < accuracy[6] < 1.0
assert accuracy[20] == 1.0

# %%
# Three units cannot follow the spiral, six nearly can, and twenty follow it with ease. A network that can bend more can
# also bend around single points, which is the subject of [overfitting](21_overfitting.md).

figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.5), sharey=True)
for axes, (units, net) in zip(panels, nets.items(), strict=True):
    plots.decision_regions(net, X, y, ax=axes)
    axes.get_legend().remove()
    axes.set(title=f"{units} hidden units, {accuracy[units]:.1%} right", aspect="equal")
    axes.label_outer()
figure.savefig("16_hidden_units.png")
