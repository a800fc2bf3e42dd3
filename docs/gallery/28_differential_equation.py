r"""A network solves a differential equation.

No samples of the solution are needed: how much the equation is violated is the loss (Lagaris, Likas and Fotiadis,
1998).

The equation of a swinging weight is $y'' + y = 0$, with $y(0) = 0$ and $y'(0) = 1$. A *trial solution* is built so that
it starts right whatever the network $N$ gives,

```math
y(x) = x + x^2 N(x), \qquad y'' = 2 N + 4 x N' + x^2 N'',
```

and the loss is the mean square of the *residual* $r = y'' + y$ at some points, which is 0 where the equation holds. No
more is known to the network; the true solution $\sin x$ is only for the comparison at the end.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import fastmlp as fm

points = np.linspace(0.0, 2.0 * np.pi, 60)[:, None]
n = len(points)
net = fm.Network(1, [fm.Dense(10, "tanh"), fm.Dense(1)], dtype="float64", seed=0)


def trial(x):
    """Return the trial solution."""
    return x + x**2 * net.forward(x)


# %%
# The loss holds derivatives of the network by its input, and training needs derivatives of these by the weights.
# Backpropagation through the network does not give such mixed ones. But derivatives by the input are very nearly
# differences of outputs,
#
# ```math
# N'(x) \approx \frac{N(x + h) - N(x - h)}{2 h}, \qquad N''(x) \approx \frac{N(x + h) - 2 N(x) + N(x - h)}{h^2},
# ```
#
# with an error of about $h^2$. In float64 there are digits enough for a small $h$; in float32 there would not be. So
# the network goes forward on three copies of the points, shifted by $-h$, 0 and $h$, and the residual is a sum of their
# outputs, each times a number that depends on $x$ only:

h = 1e-3
x = points
copies = np.concatenate([x - h, x, x + h])
factors = np.concatenate(
    [
        -2.0 * x / h + x**2 / h**2,  # of N(x - h)
        2.0 - 2.0 * x**2 / h**2 + x**2,  # of N(x): from y'', and from y
        2.0 * x / h + x**2 / h**2,  # of N(x + h)
    ]
)


def residual(outputs):
    """Return y'' + y at the points, from the outputs for the three copies."""
    return x + (factors * outputs).reshape(3, n, 1).sum(axis=0)


# %%
# For the loss $\frac 1 n \sum r^2$, the derivative by each output is $\frac 2 n r$ times the output's factor. With
# these for all three copies, `backward` adds up what belongs to each weight. The steps are those of L-BFGS-B, as on
# [the page on losses of one's own](24_your_own_loss.md).


def loss_and_gradient(parameters):
    """Return the mean square of the residual and its derivatives by the parameters."""
    net.set_parameters(parameters)
    r = residual(net.forward(copies))
    d_outputs = factors * np.concatenate([2.0 * r / n] * 3)
    return np.mean(r**2), net.backward(copies, d_outputs).ravel()


check, direction, small = net.get_parameters(), np.random.default_rng(0).normal(size=net.n_parameters), 1e-5
_, gradient = loss_and_gradient(check)
rise = loss_and_gradient(check + small * direction)[0] - loss_and_gradient(check - small * direction)[0]
print(f"slope of the loss {rise / (2.0 * small):.4f}, from the gradient {(gradient * direction).sum():.4f}")
assert np.isclose(rise / (2.0 * small), (gradient * direction).sum(), rtol=1e-3)

net.set_parameters(check)
dense = np.linspace(0.0, 2.0 * np.pi, 301)[:, None]
before = trial(dense)
options = {"maxiter": 2000, "maxfun": 3000, "ftol": 1e-13, "gtol": 1e-8}
found = minimize(loss_and_gradient, check, jac=True, method="L-BFGS-B", options=options)
net.set_parameters(found.x)
error = np.abs(trial(dense) - np.sin(dense))
print(f"residual {np.sqrt(found.fun):.1e} after {found.nit} iterations; largest error of y {error.max():.1e}")
assert error.max() < 1e-2

# %%
# Between the points the solution is as good as at them: 301 places were compared, 60 learned from. For the first
# derivative no difference is needed, since `input_gradient` gives $N'$ exactly:

at_points = np.abs(trial(points) - np.sin(points)).max()
assert error.max() < 1.5 * at_points

slope = 1.0 + 2.0 * dense * net.forward(dense) + dense**2 * net.input_gradient(dense)
print(f"largest error of y' {np.abs(slope - np.cos(dense)).max():.1e}")
assert np.abs(slope - np.cos(dense)).max() < 2e-2
differences = (net.forward(dense + h) - net.forward(dense - h)) / (2.0 * h)
assert np.allclose(differences, net.input_gradient(dense), atol=1e-5)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6))
left.plot(dense, before, color="#9aa0a6", linewidth=1.2, label="trial solution, untrained")
left.plot(dense, trial(dense), label="trained")
left.plot(dense, np.sin(dense), "--", color="#26282b", linewidth=1.2, label="sin x")
left.set(xlabel="x", ylim=(-2.5, 2.5), title="Solution of y'' + y = 0")
left.legend(loc="lower left")
right.semilogy(dense, np.maximum(error, 1e-8))
right.set(xlabel="x", title="Distance from sin x")
figure.savefig("28_differential_equation.png")
