"""``python -m tests.peers.gradients``: the check of gradients on functions of PyTorch and JAX, right and broken.

What could go wrong: the module or JAX's settings are changed, parameters are mixed up, a broken backward pass passes.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.testing import from_jax, from_torch

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(20, 4)).astype(np.float32)
VALUES = RANDOM.normal(size=(20, 2)).astype(np.float32)
LABELS = RANDOM.integers(0, 2, 20)


def check_torch() -> None:
    """Check modules with values and labels, and one whose backward pass is wrong by a factor."""
    import torch

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x)
            return torch.tanh(x)

        @staticmethod
        def backward(context, slope):
            (x,) = context.saved_tensors
            return slope * (1 - torch.tanh(x) ** 2) * 1.01

    class BrokenTanh(torch.nn.Module):
        def forward(self, x):
            return Broken.apply(x)

    def module(activation):
        return torch.nn.Sequential(torch.nn.Linear(4, 8), activation, torch.nn.Linear(8, 2))

    right = module(torch.nn.Tanh())
    before = [one.detach().clone() for one in right.parameters()]
    for loss, y in ((torch.nn.functional.mse_loss, VALUES), (torch.nn.functional.cross_entropy, LABELS)):
        report = fm.check_gradients(*from_torch(right, loss, X, y))
        assert report.passed, report
        assert report.n_checked == 58
    assert all(torch.equal(one, was) for one, was in zip(right.parameters(), before, strict=True))
    assert next(right.parameters()).dtype == torch.float32
    report = fm.check_gradients(*from_torch(module(BrokenTanh()), torch.nn.functional.mse_loss, X, VALUES))
    # behind the broken activation all is wrong, before it nothing
    assert {probe.place.partition("[")[2].partition("]")[0] for probe in report.wrong} == {"'0.weight'", "'0.bias'"}
    # a loss that depends on nothing has no slope, and what is no module gets a sentence
    assert fm.check_gradients(*from_torch(right, lambda outputs, y: torch.ones(()), X, VALUES)).passed
    for call, sentence in (
        (lambda: from_torch(3, loss, X, VALUES), "module must be"),
        (lambda: from_torch(right, loss, X, None), "y must be"),
    ):
        with pytest.raises(TypeError, match=sentence):
            call()
    print("PyTorch: right modules pass, a broken one is found in its layer")


def check_jax() -> None:
    """Check a loss of a dict of arrays, and one whose derivative is stopped half way."""
    import jax
    import jax.numpy as jnp

    def loss(p, X, y):
        return ((jnp.tanh(X @ p["W"] + p["b"]) - y) ** 2).mean()

    def broken(p, X, y):
        return ((jnp.tanh(X @ p["W"] + jax.lax.stop_gradient(p["b"])) - y) ** 2).mean()

    point = {"W": RANDOM.normal(size=(4, 2)).astype(np.float32), "b": np.zeros(2, np.float32)}
    report = fm.check_gradients(*from_jax(loss, point, X, VALUES))
    assert report.passed, report
    report = fm.check_gradients(*from_jax(broken, point, X, VALUES))
    assert {probe.place for probe in report.wrong} == {"x['b'][0]", "x['b'][1]"}
    nested = fm.check_gradients(*from_jax(lambda p, X, y: loss(p["layer"], X, y), {"layer": point}, X, VALUES))
    assert nested.passed, nested
    assert {probe.where for probe in nested.worst} == {"x['layer.W']", "x['layer.b']"}
    assert jnp.zeros(1).dtype == jnp.float32
    print("JAX: a right loss passes, a stopped derivative is found")


if __name__ == "__main__":
    check_torch()
    check_jax()
