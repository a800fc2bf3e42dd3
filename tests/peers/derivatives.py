"""``python -m tests.peers.derivatives --count 300``: every derivative of random networks, beside torch.autograd's.

Float64 in both. Networks are those of tests/python/random_networks.py, with every kind of layer but Dropout, whose
masks another library does not draw. Compared: ``gradients``, ``backward`` from outputs and pre-activations, ``step``
(SGD), ``jacobian``, ``vjp``, ``per_sample_gradients`` and a loss that is a formula.

Tolerance: 1e-10 of the array's norm and 1; values are of the size 1, sums of some tens of terms, each to 1e-16.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

import fastmlp as fm

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from random_networks import random_network

TOLERANCE = 1e-10
ROWS = 6
ACTIVATIONS = {
    "identity": lambda z: z,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: torch.nn.functional.softplus(z, threshold=1e9),
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "elu": torch.nn.functional.elu,
    "formula": lambda z: z * torch.tanh(z),
    "softmax": lambda z: torch.softmax(z, -1),
}


def parameters_of(net: fm.Network) -> list[torch.Tensor]:
    """Return weights and biases as leaves, layer by layer."""
    arrays = [array for layer in net.layers for array in (layer.weights, layer.bias)]
    return [torch.tensor(array.copy(), requires_grad=True) for array in arrays]


def forward(net: fm.Network, layers: list[Any], parameters: list[torch.Tensor], X: torch.Tensor) -> Any:
    """Return the last layer's pre-activations and the outputs."""
    values, z, numbers = X, X, iter(parameters)
    for layer in layers:
        if isinstance(layer, fm.Standardize):
            values = (values - torch.tensor(layer.mean, dtype=torch.float64)) / torch.tensor(
                layer.deviation, dtype=torch.float64
            )
        elif isinstance(layer, fm.LayerNorm):
            values = torch.nn.functional.layer_norm(values, values.shape[-1:], eps=1e-5)
        else:
            z = values @ next(numbers) + next(numbers)
            if isinstance(layer, fm.Maxout):
                values = z.unflatten(-1, (layer.pieces, layer.units)).amax(-2)
            else:
                values = ACTIVATIONS[layer.activation_object.name](z)
    return z, values


def penalty(net: fm.Network, parameters: list[torch.Tensor], penalties: dict[str, float]) -> torch.Tensor:
    """Return l1 sum |W| + l2 / 2 sum W^2."""
    weights = parameters[::2]
    l1, l2 = penalties.get("l1", 0.0), penalties.get("l2", 0.0)
    return sum((l1 * W.abs().sum() + l2 / 2 * (W * W).sum() for W in weights), torch.tensor(0.0, dtype=torch.float64))


def flat(parts: Any) -> np.ndarray:
    """Return tensors or arrays as one vector."""
    return np.concatenate(
        [np.asarray(part.detach() if isinstance(part, torch.Tensor) else part).ravel() for part in parts]
    )


def compare(found: Any, expected: Any, what: str, number: int) -> None:
    """End the program where two arrays differ."""
    found, expected = flat([found]), flat([expected])
    error = np.linalg.norm(found - expected)
    if not error <= TOLERANCE * (1.0 + np.linalg.norm(expected)):
        sys.exit(f"network {number}: {what} differs by {error:.3g}, norm {np.linalg.norm(expected):.3g}")


def check(number: int) -> None:
    """Compare all derivatives of one network."""
    random = np.random.default_rng(number)
    net, layers, penalties = random_network(random)
    X, V = random.normal(size=(ROWS, net.n_inputs)), random.normal(size=(ROWS, net.n_outputs))
    leaf = torch.tensor(X, requires_grad=True)
    parameters = parameters_of(net)
    z, outputs = forward(net, layers, parameters, leaf)
    compare(net.forward(X), outputs, "forward", number)
    extra = penalty(net, parameters, penalties)
    for at, end in (("outputs", outputs), ("pre_activations", z)):
        expected = torch.autograd.grad((end * torch.tensor(V)).sum() + extra, [*parameters, leaf], retain_graph=True)
        found = net.backward(X, V, at=at)
        compare(found.ravel(), flat(expected[:-1]), f"backward at {at}", number)
        compare(found.inputs, expected[-1], f"backward at {at} by inputs", number)
        twin = net.copy()
        twin.step(X, V, optimizer=fm.SGD(0.1), at=at)
        compare(twin.get_parameters(), net.get_parameters() - 0.1 * flat(expected[:-1]), f"step at {at}", number)
    compare(
        net.vjp(X, V), torch.autograd.grad((outputs * torch.tensor(V)).sum(), leaf, retain_graph=True)[0], "vjp", number
    )
    jacobian = [
        torch.autograd.grad(outputs[:, k].sum(), leaf, retain_graph=True)[0].numpy() for k in range(net.n_outputs)
    ]
    compare(net.jacobian(X), np.stack(jacobian, axis=1), "jacobian", number)
    formula = fm.Network(net.n_inputs, layers, loss="log(cosh(o - t)) + 0.1*(o - t)**4", dtype="float64", seed=0)
    formula.set_parameters(net.get_parameters())
    error = outputs - torch.tensor(V)
    losses = (torch.log(torch.cosh(error)) + 0.1 * error**4).mean(1)
    expected = torch.autograd.grad(losses.mean(), parameters, retain_graph=True)
    compare(formula.gradients(X, V).ravel(), flat(expected), "gradients of a formula", number)
    rows = [flat(torch.autograd.grad(loss, parameters, retain_graph=True)) for loss in losses]
    compare(formula.per_sample_gradients(X, V), np.stack(rows), "per-sample gradients", number)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for number in range(arguments.seed, arguments.seed + arguments.count):
        check(number)
    print(f"{arguments.count} networks: all derivatives agree to {TOLERANCE:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
