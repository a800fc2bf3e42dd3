r"""One versus all: a question for each class.

With sigmoid outputs every class gets a yes-or-no question of its own, and the cost adds up what all answers cost.

Labels become rows of an **indicator matrix** $Y$: one column for each class, with 1 in the column of the sample's
class. With outputs $h_{ik}$ for $m$ samples and $K$ classes, and a penalty $\lambda$ on weights $W$ (not on biases),

```math
J = -\frac 1 m \sum_{i=1}^{m} \sum_{k=1}^{K} \Big[ y_{ik} \log h_{ik} + (1 - y_{ik}) \log (1 - h_{ik}) \Big]
  + \frac{\lambda}{2m} \sum_{\text{layers}} \sum W^2 .
```

Integer labels and indicator rows mean the same to `fit` and `loss`. `l2` multiplies $\frac 1 2 \sum W^2$, so this cost
has $\texttt{l2} = \lambda / m$.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

X, y = fm.datasets.blobs(8, centers=4, spread=1.5, seed=7)
X = X / 10.0
Y = np.eye(4)[y]
print("labels", y)
print(Y.astype(int))

m, lam = len(X), 0.05
net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(4, "sigmoid")], l2=lam / m, dtype="float64", seed=0)
assert net.loss(X, y) == net.loss(X, Y)

# %%
# The formula, written out:

H = net.forward(X)
terms = -(Y * np.log(H) + (1.0 - Y) * np.log(1.0 - H))
penalty = lam / (2 * m) * sum((layer.weights**2).sum() for layer in net.layers)
J = terms.sum() / m + penalty
print(f"mean of the answers' costs {terms.sum() / m:.4f} + penalty {penalty:.4f} = {J:.4f}")
print(f"net.loss(X, y)                                     = {net.loss(X, y):.4f}")
assert np.isclose(J, net.loss(X, y), rtol=1e-12)

# %%
# Before training, every answer is about "one half" and costs about $\log 2$, so $J \approx 4 \log 2 = 2.77$. Training
# lowers the cost of all answers. The probabilities of a row need not add up to one, for nothing ties the questions
# together; the class predicted is the one with the surest yes.

assert abs(J - 4.0 * np.log(2.0)) < 0.7
net.fit(X, y, epochs=500, batch_size=None, optimizer=fm.Adam(0.05))
trained = net.forward(X)
costs = -(Y * np.log(trained) + (1.0 - Y) * np.log(1.0 - trained))
print(f"after training: {costs.sum() / m:.2f} + penalty; sums of the rows {trained.sum(axis=1).round(2)}")
assert net.loss(X, y) < 0.5 * J
assert (net.predict(X) == y).all()

figure, panels = plt.subplots(1, 3, figsize=(8.2, 3.9), sharey=True)
pictures = (("Indicator matrix Y", Y), ("Outputs before training", H), ("Outputs after training", trained))
for axes, (title, matrix) in zip(panels, pictures, strict=True):
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    for (row, column), value in np.ndenumerate(matrix):
        axes.text(column, row, f"{value:.0f}" if matrix is Y else f"{value:.2f}", ha="center", va="center", fontsize=9)
    axes.set(title=title, xlabel="class", xticks=range(4))
panels[0].set_ylabel("sample")
figure.savefig("09_one_versus_all.png")
