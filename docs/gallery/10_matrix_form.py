r"""A layer is a matrix, and a network a chain of them.

All samples go through a layer in one product of matrices, and the parameters can be counted from the shapes.

With the samples as rows of $X$, layer $l$ computes

```math
A_l = \varphi_l(A_{l-1} W_l + b_l), \qquad A_0 = X,
```

where $W_l$ has a row for each input and a column for each unit. (Many books write $W x$ with samples as columns; then
$W$ is this one transposed.) The bias can also be one more row of the matrix, which meets a column of ones in the input:

```math
A_{l-1} W_l + b_l = \begin{pmatrix} A_{l-1} & \mathbf 1 \end{pmatrix} \begin{pmatrix} W_l \\ b_l \end{pmatrix}.
```
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

net = fm.Network(3, [fm.Dense(4, "sigmoid"), fm.Dense(2, "sigmoid")], dtype="float64", seed=4)
X = np.random.default_rng(0).normal(size=(5, 3))

A = X
for layer in net.layers:
    theta = np.vstack([layer.weights, layer.bias])  # inputs + 1 rows, one column for each unit
    ones = np.ones((len(A), 1))
    A = 1.0 / (1.0 + np.exp(-np.hstack([A, ones]) @ theta))
    print(f"matrix with bias row {theta.shape} -> activations {A.shape}")
assert np.allclose(A, net.forward(X), rtol=1e-13)

# %%
# A layer of $n_l$ units on $n_{l-1}$ inputs has $(n_{l-1} + 1) n_l$ parameters. Here these are
# $4 \cdot 4 + 5 \cdot 2 = 26$: 20 weights, the connections in the picture, and 6 biases, one for each unit. A network
# for pictures of 28x28 pixels with 25 hidden units and 10 outputs has 19885.

weights, biases = sum(layer.weights.size for layer in net.layers), sum(layer.bias.size for layer in net.layers)
print(f"{weights} weights + {biases} biases = {net.n_parameters} parameters")
assert (weights, biases, net.n_parameters) == (20, 6, 26)

digits = fm.Network(784, [fm.Dense(25, "sigmoid"), fm.Dense(10, "sigmoid")])
print(f"784-25-10: {digits.n_parameters} parameters")
assert digits.n_parameters == (784 + 1) * 25 + (25 + 1) * 10 == 19885

figure, axes = plt.subplots(figsize=(8.0, 5.6))
plots.network_diagram(net, ax=axes, x=X[0], weights=True)
axes.set_title("3 inputs, 4 hidden units, 2 outputs, and what a sample becomes in them")
figure.savefig("10_matrix_form.png")

# %%
# In each unit stands its output, below it its bias b and its pre-activation z, and on each connection its weight: blue
# where it is positive, orange where it is negative.
