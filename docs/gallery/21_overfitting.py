r"""A network can learn its samples by heart.

With many weights and few samples, the training loss goes to zero while the loss on other samples rises: the network has
learned the noise. A penalty on the weights, dropout, or stopping in time holds it back.

Thirty samples of two noisy half moons are for training, 1000 others for validation. The network has 100 hidden units,
far more than the task needs.
"""

import matplotlib.pyplot as plt

import fastmlp as fm
from fastmlp import plots

X, y = fm.datasets.moons(30, noise=0.3, seed=4)
X_valid, y_valid = fm.datasets.moons(1000, noise=0.3, seed=2)
plain = [fm.Dense(100, "relu"), fm.Dense(1, "sigmoid")]
dropout = [fm.Dropout(0.2), fm.Dense(100, "relu"), fm.Dropout(0.5), fm.Dense(1, "sigmoid")]
fm.set_num_threads(1)  # steps this small are for one core


def train(layers=plain, l2=0.0, callbacks=()):
    """Return the trained network and its history."""
    net = fm.Network(2, layers, l2=l2, seed=0)
    history = net.fit(
        X,
        y,
        epochs=800,
        batch_size=10,
        optimizer=fm.Adam(0.01),
        validation_data=(X_valid, y_valid),
        callbacks=callbacks,
    )
    return net, history


stopping = fm.EarlyStopping(patience=50)
results = {
    "unhindered": train(),
    "penalty, l2 = 0.01": train(l2=0.01),
    "dropout, 0.2 and 0.5": train(dropout),
    "early stopping": train(callbacks=[stopping]),
}
right = {}
for name, (net, _) in results.items():
    right[name] = net.evaluate(X_valid, y_valid)["accuracy"]
    by_heart = net.evaluate(X, y)["accuracy"]
    print(f"{name:20} {by_heart:4.0%} of the training samples right, {right[name]:.1%} of the others")
print(f"early stopping went back to epoch {stopping.best_epoch}")

net, history = results["unhindered"]
assert net.evaluate(X, y)["accuracy"] == 1.0
assert history["validation_loss"][-1] > 4.0 * min(history["validation_loss"])
assert min(share for name, share in right.items() if name != "unhindered") > right["unhindered"] + 0.03
net, history = results["dropout, 0.2 and 0.5"]
assert net.evaluate(X, y)["accuracy"] < 0.9
assert history["validation_loss"][-1] < 0.4
assert stopping.best_epoch < 100

# %%
# Above the borders, below the losses, cut off at 1.5. Unhindered, the network gets every training sample right, with a
# border that winds around single points. The penalty, $\frac{\lambda_2}{2} \sum W^2$ with $\lambda_2 = 0.01$, keeps the
# weights small and so the border smooth, at the price of some training samples; it is part of the losses that are
# drawn.
#
# Dropout sets a share of the inputs (0.2) and of the hidden units (0.5) to zero, others in every step, so that no unit
# can rely on a few others. The training loss that is drawn is the one with units dropped; validation drops none.
#
# Early stopping keeps the weights of the epoch with the lowest validation loss (dotted). (The validation data took part
# in the choice then; a final judgement needs samples that took part in nothing.)

figure, panels = plt.subplots(2, 4, figsize=(10.6, 5.4), sharey="row")
for (above, below), (name, (net, history)) in zip(panels.T, results.items(), strict=True):
    plots.decision_regions(net, X, y, ax=above).set_title(f"{name}\n{right[name]:.1%} of the 1000 right")
    plots.learning_curves(history, ax=below)
    below.set(xlim=(0, 800), ylim=(0, 1.5), xticks=[0, 400, 800])
    if name == "early stopping":
        below.axvline(stopping.best_epoch, color="#26282b", linewidth=1, linestyle=":")
        below.annotate("kept", (stopping.best_epoch, 1.3), (6, 0), textcoords="offset points", fontsize=9)
    above.label_outer()
    below.label_outer()
    above.get_legend().set_loc("lower left")
    if name != "unhindered":
        above.get_legend().remove()
        below.get_legend().remove()
figure.savefig("21_overfitting.png")
