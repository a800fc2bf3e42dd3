r"""Activations bend the line, and their slopes decide what learns.

Without an activation, layers on top of each other are one linear layer; with one, its derivative multiplies every
gradient that passes.

| name | $\varphi(z)$ | $\varphi'(z)$ | range |
|---|---|---|---|
| sigmoid | $1 / (1 + e^{-z})$ | $\varphi (1 - \varphi)$, at most $\frac 1 4$ | $(0, 1)$ |
| tanh | $\tanh z = 2 \sigma(2z) - 1$ | $1 - \varphi^2$, at most $1$ | $(-1, 1)$ |
| relu | $\max(0, z)$ | $1$ if $z > 0$, else $0$ | $[0, \infty)$ |
| leaky_relu | $z$ if $z > 0$, else $\alpha z$ | $1$ if $z > 0$, else $\alpha$ | all numbers |

The step function is not among them: its derivative is zero wherever it has one, so no gradient would pass.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots


def values_and_slopes(activation, z):
    """Return the activation and its derivative, as a network of one unit computes them."""
    unit = fm.Network(1, [fm.Dense(1, activation)], loss="half_squared_error", dtype="float64")
    unit.set_parameters([1.0, 0.0])
    a = unit.forward(z)
    # with targets a - 1 the loss's derivative by every output is 1, and the mean divides by the number of samples
    return a[:, 0], len(z) * unit.gradients(z, a - 1.0).inputs[:, 0]


z = np.linspace(-8.0, 8.0, 1601)[:, None]
sigmoid, sigmoid_slope = values_and_slopes("sigmoid", z)
tanh, tanh_slope = values_and_slopes("tanh", z)
print(f"sigmoid: steepest slope {sigmoid_slope.max():.2f}, at z = 5 only {sigmoid_slope[1300]:.4f}")
print(f"tanh:    steepest slope {tanh_slope.max():.2f}, at z = 5 only {tanh_slope[1300]:.4f}")
assert np.allclose(sigmoid_slope, sigmoid * (1.0 - sigmoid), atol=1e-12)
assert np.allclose(tanh_slope, 1.0 - tanh**2, atol=1e-12)
assert np.allclose(tanh, 2.0 / (1.0 + np.exp(-2.0 * z[:, 0])) - 1.0, atol=1e-12)
assert np.isclose(sigmoid_slope.max(), 0.25)
assert np.isclose(tanh_slope.max(), 1.0)
assert np.allclose(values_and_slopes("relu", z)[1], z[:, 0] > 0.0)
assert np.allclose(values_and_slopes(fm.activations.LeakyReLU(0.1), z)[1], np.where(z[:, 0] > 0.0, 1.0, 0.1))

# %%
# Sigmoid and tanh saturate: far from zero their slope (dashed) vanishes, and with it the gradient. The slope of relu is
# 1 for all positive $z$ and 0 for all negative ones; leaky_relu keeps a little slope there ($\alpha = 0.1$ here, 0.01
# by default).

figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8))
plots.activation_curves(["sigmoid", "tanh"], ax=left).set_title("They saturate")
plots.activation_curves(["relu", fm.activations.LeakyReLU(0.1)], ax=right).set_title("They have a kink")
figure.savefig("07_activations.png")

# %%
# That layers without activation collapse can be seen in one line: $(x W_1) W_2 = x (W_1 W_2)$.

net = fm.Network(3, [fm.Dense(5), fm.Dense(2)], dtype="float64", seed=0)
X = np.random.default_rng(0).normal(size=(10, 3))
product = net.layers[0].weights @ net.layers[1].weights
assert np.allclose(net.forward(X), X @ product)
print("two layers without activation:", product.shape, "is all they are")
