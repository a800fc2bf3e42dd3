r"""One hidden layer can follow any curve, with units enough.

The universal approximation theorem (Cybenko 1989; Hornik, Stinchcombe and White 1989): one hidden layer comes as close
as wanted to any continuous function on a closed and bounded set.

With one input, the output $\hat y = c + \sum_k v_k \tanh(b_k + w_k x)$ is a sum of smooth steps, each at a place, of a
width and of a height of its own. How many are needed depends on the curve:
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

x = np.linspace(-1.0, 1.0, 200)[:, None]
y = np.sin(6.0 * x[:, 0]) + 0.5 * np.abs(x[:, 0]) + 0.5 * x[:, 0]

nets, errors = {}, {}
for units in (2, 4, 16):
    nets[units] = fm.Network(1, [fm.Dense(units, "tanh"), fm.Dense(1)], seed=0)
    nets[units].fit(x, y, epochs=1500, batch_size=50, optimizer=fm.Adam(0.01))
    errors[units] = float(np.abs(nets[units].predict(x) - y).max())
    print(f"{units:2} hidden units: largest error {errors[units]:.3f}")

assert errors[2] > errors[4] > errors[16]
assert errors[16] < 0.1

figure, panels = plt.subplots(1, 3, figsize=(10.0, 3.2), sharey=True)
for axes, (units, net) in zip(panels, nets.items(), strict=True):
    plots.curve(net, x, y, ax=axes)
    axes.set_title(f"{units} units, largest error {errors[units]:.2f}")
    axes.label_outer()
figure.savefig("18_universal_approximation.png")

# %%
# The theorem says that good weights exist, not that training finds them, and nothing about other inputs: outside the
# interval it was trained on, the network goes its own way.

outside = np.linspace(1.5, 2.0, 50)[:, None]
truth = np.sin(6.0 * outside[:, 0]) + 0.5 * np.abs(outside[:, 0]) + 0.5 * outside[:, 0]
error = float(np.abs(nets[16].predict(outside) - truth).max())
print(f"16 hidden units, outside the interval: largest error {error:.2f}")
assert error > 10.0 * errors[16]
