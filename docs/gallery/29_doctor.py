r"""A mistake in backpropagation, found and mended.

A student's program learns, and is wrong all the same. The check of gradients says where, the doctor what the mistake
is.

Backpropagation that is wrong often learns: the gradient still points more or less downhill. So nothing but a comparison
shows the mistake. Here is a program as one writes it from the lectures, for a network with two hidden
layers of sigmoid units and the squared error $\frac 1 2 \sum (a - t)^2$, mean over the samples:
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

random = np.random.default_rng(0)
X = random.uniform(-2.0, 2.0, size=(200, 2))
t = np.sin(X[:, :1]) * np.cos(X[:, 1:])


def sigmoid(z):
    """Return the activation of the hidden layers."""
    return 1.0 / (1.0 + np.exp(-z))


def student(W, b, X, t):
    """Return the gradients of all weights and biases."""
    a1 = sigmoid(X @ W[0] + b[0])
    a2 = sigmoid(a1 @ W[1] + b[1])
    d3 = (a2 @ W[2] + b[2] - t) / len(X)
    d2 = d3 @ W[2].T
    d1 = d2 @ W[1].T * (a1 * (1 - a1))
    return [X.T @ d1, a1.T @ d2, a2.T @ d3], [d1.sum(axis=0), d2.sum(axis=0), d3.sum(axis=0)]


# %%
# The same network in fastmlp has the right gradients. But first the check that needs no other program: the loss alone,
# as a function of all weights. Its slopes must be the gradient.

net = fm.Network(
    2,
    [fm.Dense(6, "sigmoid"), fm.Dense(6, "sigmoid"), fm.Dense(1)],
    loss="half_squared_error",
    dtype="float64",
    seed=3,
)
W = [layer.weights for layer in net.layers]
b = [layer.bias for layer in net.layers]


def loss(parameters):
    """Return the loss of the student's program."""
    a1 = sigmoid(X @ parameters[0] + parameters[3])
    a2 = sigmoid(a1 @ parameters[1] + parameters[4])
    return 0.5 * ((a2 @ parameters[2] + parameters[5] - t) ** 2).sum() / len(X)


weights, biases = student(W, b, X, t)
report = fm.check_gradients(loss, [*weights, *biases], [*W, *b])
print(f"{len(report.wrong)} of {report.n_checked} are wrong, in", sorted({p.place[:4] for p in report.wrong}))
assert not report.passed

# %%
# `x[2]` and `x[5]`, the last layer, are right; all below is wrong. Where is clear now, but why? The doctor tries the
# mistakes that are known:

diagnosis = fm.diagnose_gradients(net, X, t, weights=weights, biases=biases)
print(diagnosis)
assert diagnosis.kinds == ("derivative forgotten",)

# %%
# That is it: the delta of a layer is what comes back through the weights, times the slope of its own activation, which
# for the sigmoid is $\sigma'(z) = a (1 - a)$. Layer 1 has it, layer 2 has not, and layer 1 is wrong because layer 2 is.
# Mended:


def mended(W, b, X, t):
    """Return the gradients of all weights and biases."""
    a1 = sigmoid(X @ W[0] + b[0])
    a2 = sigmoid(a1 @ W[1] + b[1])
    d3 = (a2 @ W[2] + b[2] - t) / len(X)
    d2 = d3 @ W[2].T * (a2 * (1 - a2))
    d1 = d2 @ W[1].T * (a1 * (1 - a1))
    return [X.T @ d1, a1.T @ d2, a2.T @ d3], [d1.sum(axis=0), d2.sum(axis=0), d3.sum(axis=0)]


weights, biases = mended(W, b, X, t)
print(fm.diagnose_gradients(net, X, t, weights=weights, biases=biases))
assert fm.check_gradients(loss, [*weights, *biases], [*W, *b]).passed

# %%
# Would one have seen it? Both programs descend from the same weights:


def descend(gradients, rate, steps):
    """Return the losses of a descent with these gradients."""
    W_now, b_now = [w.copy() for w in W], [v.copy() for v in b]
    losses = []
    for _ in range(steps):
        losses.append(loss([*W_now, *b_now]))
        dW, db = gradients(W_now, b_now, X, t)
        for i in range(3):
            W_now[i] -= rate * dW[i]
            b_now[i] -= rate * db[i]
    return losses


wrong, right = descend(student, 0.1, 5000), descend(mended, 0.1, 5000)
print(f"rate 0.1: loss {wrong[-1]:.4f} with the mistake, {right[-1]:.4f} without")
assert max(wrong[-1], right[-1]) < 0.01

figure, axes = plt.subplots(figsize=(6.0, 4.0))
axes.semilogy(wrong, label="with the mistake")
axes.semilogy(right, label="mended")
axes.set_xlabel("step")
axes.set_ylabel("loss")
axes.set_title("A learning curve does not show a wrong gradient")
axes.legend()
figure.savefig("29_doctor.png")

# %%
# Not in this curve. The wrong gradient points downhill as well, and its lower layers even take longer steps, since a
# slope below 1 is missing. With another rate, that is its end:

wrong, right = descend(student, 1.0, 3000), descend(mended, 1.0, 3000)
print(f"rate 1.0: loss {wrong[-1]:.4f} with the mistake, {right[-1]:.4f} without")
assert right[-1] < 0.2 * wrong[-1]
