r"""Activations bend the line, and their slopes decide what learns.

Without an activation, layers on top of each other are one linear layer; with one, its derivative multiplies every
gradient that passes.

| name | $\varphi(z)$ | $\varphi'(z)$ | range |
|---|---|---|---|
| sigmoid | $1 / (1 + e^{-z})$ | $\varphi (1 - \varphi)$, at most $\frac 1 4$ | $(0, 1)$ |
| tanh | $\tanh z = 2 \sigma(2z) - 1$ | $1 - \varphi^2$, at most $1$ | $(-1, 1)$ |
| relu | $\max(0, z)$ | $1$ if $z > 0$, else $0$ | $[0, \infty)$ |
| leaky_relu | $z$ if $z > 0$, else $\alpha z$ | $1$ if $z > 0$, else $\alpha$ | all numbers |
| elu | $z$ if $z > 0$, else $\alpha (e^z - 1)$ | $1$ if $z > 0$, else $\alpha e^z$ | $(-\alpha, \infty)$ |
| softplus | $\ln(1 + e^z)$ | $\sigma(z)$ | $(0, \infty)$ |
| silu | $z \sigma(z)$ | $\sigma + z \sigma (1 - \sigma)$ | $[-0.278, \infty)$ |
| gelu | $z P(z)$ | $P(z) + z P'(z)$ | $[-0.170, \infty)$ |
| step, sign | $1$ or $0$, $1$ or $-1$ | $0$ | two values, and $\operatorname{sign}(0) = 0$ |

Here $\sigma$ is the sigmoid, and $P(z)$ the probability that a standard normal number is below $z$.
"""

from statistics import NormalDist

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
# The newer ones are smooth, or nearly so, and like relu for large $z$. Softplus has the sigmoid for its slope. Gelu
# and silu dip below zero before they rise, so that their slope is negative in places and above 1 in others. A step
# has no slope that could pass a gradient back, so layers up to it do not learn from one ([the perceptron
# rule](04_perceptron_and_delta_rule.md) needs none).

elu, elu_slope = values_and_slopes("elu", z)
softplus, softplus_slope = values_and_slopes("softplus", z)
silu, silu_slope = values_and_slopes("silu", z)
gelu, gelu_slope = values_and_slopes("gelu", z)
for name, a, slope in (("silu", silu, silu_slope), ("gelu", gelu, gelu_slope)):
    print(f"{name}: lowest {a.min():.3f} at z = {z[a.argmin(), 0]:.2f}, slopes {slope.min():.2f} to {slope.max():.2f}")
assert np.allclose(elu, np.where(z[:, 0] > 0.0, z[:, 0], np.expm1(z[:, 0])), atol=1e-12)
assert np.allclose(elu_slope, np.where(z[:, 0] > 0.0, 1.0, np.exp(z[:, 0])), atol=1e-12)
assert np.allclose(softplus, np.log1p(np.exp(z[:, 0])), atol=1e-12)
assert np.allclose(softplus_slope, sigmoid, atol=1e-12)
assert np.allclose(silu, z[:, 0] * sigmoid, atol=1e-12)
assert np.allclose(silu_slope, sigmoid + z[:, 0] * sigmoid * (1.0 - sigmoid), atol=1e-12)
assert np.allclose(gelu, [v * NormalDist().cdf(v) for v in z[:, 0]], atol=1e-12)
assert np.isclose(silu.min(), -0.278, atol=5e-4)
assert np.isclose(gelu.min(), -0.170, atol=5e-4)
assert min(silu_slope.min(), gelu_slope.min()) < 0.0
assert min(silu_slope.max(), gelu_slope.max()) > 1.0
for name in ("step", "sign"):
    assert not values_and_slopes(name, z)[1].any()

# %%
# An activation may also be a formula in `x`; its derivative is made from the formula. This one is a well-known stand-in
# for gelu, and nowhere more than 0.021 away from it.

formula = "x*sigmoid(1.702*x)"
values, slopes = values_and_slopes(formula, z)
print(f"{formula}: at most {np.abs(values - gelu).max():.4f} from gelu")
s = 1.0 / (1.0 + np.exp(-1.702 * z[:, 0]))
assert np.allclose(values, z[:, 0] * s, atol=1e-12)
assert np.allclose(slopes, s + 1.702 * z[:, 0] * s * (1.0 - s), atol=1e-12)
assert 0.020 < np.abs(values - gelu).max() < 0.021

# %%
# Sigmoid and tanh saturate: far from zero their slope (dashed) vanishes, and with it the gradient. The slope of relu is
# 1 for all positive $z$ and 0 for all negative ones; leaky_relu keeps a little slope there ($\alpha = 0.1$ here, 0.01
# by default; elu's $\alpha$ is 1).

figure, panels = plt.subplots(2, 3, figsize=(10.4, 6.2), sharex=True)
for axes, title, names in (
    (panels[0, 0], "They saturate", ["sigmoid", "tanh"]),
    (panels[0, 1], "They have a kink", ["relu", fm.activations.LeakyReLU(0.1)]),
    (panels[0, 2], "They jump", ["step", "sign"]),
    (panels[1, 0], "They bend smoothly", ["elu", "softplus"]),
    (panels[1, 1], "They dip", ["silu", "gelu"]),
    (panels[1, 2], f"The formula {formula}", [formula]),
):
    plots.activation_curves(names, ax=axes).set_title(title)
    axes.set(xlabel="", ylabel="")
figure.supxlabel("pre-activation z", fontsize=10)
near = np.abs(z[:, 0]) <= 4.0
(dots,) = panels[1, 2].plot(z[near], gelu[near], ":", color="#26282b", label="gelu")
lines = panels[1, 2].get_legend().legend_handles
panels[1, 2].legend([*lines, dots], ["formula", "its derivative", "gelu"], frameon=False)
figure.savefig("07_activations.png")

# %%
# That layers without activation collapse can be seen in one line: $(x W_1) W_2 = x (W_1 W_2)$.

net = fm.Network(3, [fm.Dense(5), fm.Dense(2)], dtype="float64", seed=0)
X = np.random.default_rng(0).normal(size=(10, 3))
product = net.layers[0].weights @ net.layers[1].weights
assert np.allclose(net.forward(X), X @ product)
print("two layers without activation:", product.shape, "is all they are")
