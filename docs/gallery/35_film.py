r"""A training as a film.

What a table of losses hides can be watched: how the border first turns, then bends, and where it is when the loss stops
falling.

`plots.animate_training` trains a network as `fit` does and keeps its weights on the way; each frame shows the regions
at one epoch, and the losses up to there. `save` writes a GIF, `to_jshtml` a page with buttons for a notebook.
"""

import matplotlib.pyplot as plt

import fastmlp as fm
from fastmlp import plots

X, y = fm.datasets.moons(200, noise=0.15, seed=0)
net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=3)
film = plots.animate_training(
    net,
    X,
    y,
    epochs=120,
    every=5,
    batch_size=32,
    optimizer=fm.Adam(0.02),
    validation_data=fm.datasets.moons(200, noise=0.15, seed=1),
)
film.save("35_film.gif", writer="pillow", fps=8, dpi=60)
accuracy = net.evaluate(X, y)["accuracy"]
print(f"{accuracy:.1%} right after 120 epochs")
assert accuracy > 0.97

# %%
# Three of the frames, side by side: at first a line, the best that a network with small weights can do; then the
# line bends where the moons reach around each other.

figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True)
again = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=3)
for axes, epochs in zip(panels, (5, 20, 95), strict=True):
    again.fit(X, y, epochs=epochs, batch_size=32, optimizer=fm.Adam(0.02))
    plots.decision_regions(again, X, y, ax=axes)
    axes.set_title({5: "epoch 5", 20: "epoch 25", 95: "epoch 120"}[epochs])
    axes.label_outer()
    if epochs != 95:
        axes.get_legend().remove()
figure.savefig("35_film.png")
assert (again.get_parameters() == net.get_parameters()).all()
