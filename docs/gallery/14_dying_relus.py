r"""A rectified unit can die, a leaky one cannot.

One step that is too large can push a unit to where it is off for every sample; its gradient is zero from then on, and
nothing brings it back.

A unit $\max(0, z)$ with $z \le 0$ on all samples is **dead**: its output is always 0 and $\varphi'(z) = 0$, so neither
its weights nor its bias move again. A leaky unit, $\max(z, \alpha z)$ with a small $\alpha$, keeps a small slope there.
Here both kinds are trained on digits with a moderate and with a too large learning rate.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

X, y = fm.datasets.load_digits()
X = X / 16.0


def share_of_dead_units(net):
    """Return the share of hidden units whose pre-activation is not positive for any sample."""
    return float((net.activations(X)[0] <= 0.0).all(axis=0).mean())


def train(activation, learning_rate):
    """Return the share of dead units before training and after every epoch, and the accuracy at the end."""
    net = fm.Network(64, [fm.Dense(100, activation), fm.Dense(10, "softmax")], seed=0)
    dead = [share_of_dead_units(net)]
    net.fit(
        X,
        y,
        epochs=30,
        batch_size=32,
        optimizer=fm.SGD(learning_rate),
        callbacks=[lambda net, epoch: dead.append(share_of_dead_units(net))],
    )
    return dead, net.evaluate(X, y)["accuracy"]


results = {}
for activation in ("relu", "leaky_relu"):
    for learning_rate in (0.5, 1.5):
        results[activation, learning_rate] = train(activation, learning_rate)
        dead, accuracy = results[activation, learning_rate]
        print(f"{activation:10} rate {learning_rate}: {dead[-1]:4.0%} of the units always off, {accuracy:.1%} right")

assert results["relu", 0.5][0][-1] < 0.05
assert results["relu", 1.5][0][10] == results["relu", 1.5][0][-1] == 1.0
assert results["relu", 1.5][1] < 0.15
assert results["leaky_relu", 1.5][1] > 0.9

# %%
# With the large rate, all rectified units die within ten epochs, and the network gives the same answer to every
# digit. Most leaky units are off for all samples as well, but they still pass a hundredth of what they receive, so
# the network goes on learning.

figure, axes = plt.subplots(figsize=(6.4, 3.6))
for (activation, learning_rate), (dead, _) in results.items():
    # both lines of the small rate lie at 0: a wide one below a narrow one
    style = {"linewidth": 4, "alpha": 0.5} if activation == "relu" else {"linestyle": "--"}
    axes.plot(np.multiply(dead, 100.0), **style, label=f"{activation}, learning rate {learning_rate}")
axes.set(xlabel="epoch", ylabel="units off for all samples (%)", ylim=(-4, 104))
axes.set_title("Too large a rate kills rectified units; a leaky one goes on learning")
axes.legend(loc="center right")
figure.savefig("14_dying_relus.png")
