r"""A loss of your own needs only its derivative.

All that backpropagation has to know about a loss is its derivative by the outputs. Whoever can write that down can
train with any loss, also with one that the package does not have.

`net.backward(X, d_outputs)` takes the derivatives $\partial L / \partial o$, one row for each sample, and returns those
by every weight, bias and input. `net.step` makes a training step of them at once. The derivatives are summed over the
samples as they are given: where the loss is a mean over $n$ samples, dividing by $n$ is yours to do. Here it is done
for the squared error, which the package has, so that the two can be compared.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import fastmlp as fm

generator = np.random.default_rng(0)
x = np.linspace(-1.0, 1.0, 120)[:, None]
truth = np.sin(3.0 * x)
n = len(x)


def network(seed=0, dtype="float32"):
    """Return a new network for one curve."""
    return fm.Network(1, [fm.Dense(16, "tanh"), fm.Dense(1)], loss="mse", dtype=dtype, seed=seed)


net = network()
own = net.backward(x, 2.0 * (net.forward(x) - truth) / n)
given = net.gradients(x, truth)
print(f"largest difference to the package's own gradient: {np.abs(own.ravel() - given.ravel()).max():.0e}")
assert np.allclose(own.ravel(), given.ravel(), rtol=1e-4, atol=1e-6)

# %%
# The derivative usually depends on the outputs. Given as an array, they have to be computed before, and the network
# goes forward twice. Given as a function of the outputs, it goes forward once. `step` is `backward` and
# `apply_gradients` in one call; between these two one can look at the gradient, or change it. All three ways come to
# the same weights, to the bit.


def derivative(outputs):
    """Return the derivative of the mean squared error by the outputs."""
    return 2.0 * (outputs - truth) / n


with_array, with_function, in_two = network(), network(), network()
adam = fm.Adam(0.01)  # what Adam remembers from step to step is kept by each network
for _ in range(20):
    with_array.step(x, derivative(with_array.forward(x)), optimizer=adam)
    with_function.step(x, derivative, optimizer=adam)
    in_two.apply_gradients(in_two.backward(x, derivative), optimizer=adam)
assert (with_array.get_parameters() == with_function.get_parameters()).all()
assert (with_array.get_parameters() == in_two.get_parameters()).all()

# %%
# Some losses are simpler before the last activation. For a sigmoid $p$ with cross-entropy, the derivative by the output
# is $(p - y) / (p (1 - p))$, by the pre-activation just $p - y$: no division by what may be 0.
# `at="pre_activations"` says that the derivatives given are those. `net.pre_activations(X)` returns the values, of
# every layer.

classifier = fm.Network(1, [fm.Dense(8, "tanh"), fm.Dense(1, "sigmoid")], seed=0)
y = (truth > 0.0).astype(float)
before = classifier.backward(x, lambda p: (p - y) / n, at="pre_activations").ravel()
after = classifier.backward(x, lambda p: (p - y) / (p * (1.0 - p)) / n).ravel()
z = classifier.pre_activations(x)[-1]
assert np.allclose(1.0 / (1.0 + np.exp(-z)), classifier.forward(x), atol=1e-6)
assert np.allclose(before, after, rtol=1e-3, atol=1e-6)
assert np.allclose(before, classifier.gradients(x, y).ravel(), rtol=1e-3, atol=1e-6)

# %%
# Now a loss that is worth the trouble. Measure a curve, and let one value in six be far too high. The squared error of
# such a value is large, and so is its derivative $2 (o - t)$: the curve is pulled up. The derivative of
# $\ln \cosh (o - t)$ is $\tanh (o - t)$, which is about $o - t$ near 0 and never more than 1: a value that is far off
# pulls no harder than one that is somewhat off. (The package's `huber` is a relative of this loss.)

wrong = generator.random((n, 1)) < 1.0 / 6.0
measured = truth + generator.normal(0.0, 0.05, (n, 1)) + np.where(wrong, generator.uniform(3.0, 6.0, (n, 1)), 0.0)
losses = {
    "squared error": lambda outputs: 2.0 * (outputs - measured) / n,
    "log cosh": lambda outputs: np.tanh(outputs - measured) / n,
}
curves, errors = {}, {}
for name, d_outputs in losses.items():
    net = network()
    for _ in range(2000):
        net.step(x, d_outputs, optimizer=adam)
    curves[name] = net.forward(x)
    errors[name] = float(np.abs(curves[name] - truth).mean())
    print(f"{name:13} mean distance from the true curve {errors[name]:.2f}")
assert errors["log cosh"] < 0.4
assert errors["log cosh"] < 0.6 * errors["squared error"]

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8), width_ratios=(3, 2))
left.plot(x, measured, ".", color="#9aa0a6", markersize=4, label="measured")
left.plot(x, truth, color="#26282b", linewidth=1.0, label="true")
difference = np.linspace(-3.0, 3.0, 121)
for name, slope in zip(losses, (2.0 * difference, np.tanh(difference)), strict=True):
    left.plot(x, curves[name], label=name)
    right.plot(difference, slope, label=name)
left.set(xlabel="x", title="Curves learned from measurements with outliers")
left.legend(loc="upper left", fontsize=8.5, ncols=2)
right.set(xlabel="output less target", title="Derivative of the loss", ylim=(-4.0, 4.0))
figure.savefig("24_your_own_loss.png")

# %%
# A loss that is a formula of one output and its target need not be differentiated by hand: the network takes it as a
# text, in the output `o` and the target `t`, and its mean over outputs and samples is then the network's own loss, for
# `fit`, `loss` and `gradients`.

# %%
by_formula = fm.Network(1, [fm.Dense(16, "tanh"), fm.Dense(1)], loss="log(cosh(o - t))", seed=0)
by_hand = by_formula.backward(x, losses["log cosh"])
assert np.allclose(by_formula.gradients(x, measured).ravel(), by_hand.ravel(), rtol=1e-4, atol=1e-6)

# %%
# With derivatives as one vector, any method of optimization can do the steps. `get_parameters` and `set_parameters`
# take all weights and biases as a vector, and `ravel` gives the gradient in the same order. SciPy's L-BFGS-B, which
# looks at the whole function and remembers how it is bent, wants just a function that returns both:

exact = network(dtype="float64")


def loss_and_gradient(parameters):
    """Return the mean of ln cosh over the samples, and its derivatives."""
    exact.set_parameters(parameters)
    error = exact.forward(x) - truth
    loss = np.mean(np.logaddexp(error, -error) - np.log(2.0))  # ln cosh, also where cosh is too large for a number
    return loss, exact.backward(x, np.tanh(error) / n).ravel()


start, _ = loss_and_gradient(exact.get_parameters())
options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
found = minimize(loss_and_gradient, exact.get_parameters(), jac=True, method="L-BFGS-B", options=options)
exact.set_parameters(found.x)
print(f"loss {start:.1e} at first, {found.fun:.0e} after {found.nit} iterations")
assert found.fun < 1e-5
assert np.abs(exact.forward(x) - truth).max() < 0.02

# %%
# The network's own loss goes there as well: `net.gradients(X, y)` has it as `loss`, beside the derivatives.

given = exact.gradients(x, truth)
assert given.ravel().shape == exact.get_parameters().shape
assert np.isclose(given.loss, np.mean((exact.forward(x) - truth) ** 2))
