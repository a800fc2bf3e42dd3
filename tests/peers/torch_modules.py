"""``python -m tests.peers.torch_modules --count 300``: random networks as PyTorch's modules, and those as networks.

Outputs both ways, in float32 and float64. What cannot be read or written must be refused in a sentence that names it.

Tolerance: 1e-5 (float32) and 1e-12 (float64) of the row's largest output and 1: the same sums in another order.
"""

from __future__ import annotations

import argparse
import io
import re
from typing import Any

import numpy as np
import torch
from torch import nn

import fastmlp as fm

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
ACTIVATIONS: list[Any] = [
    "identity", "sigmoid", "tanh", "hard_tanh", "softsign", "relu", "selu", "softplus", "gelu", "gelu_tanh", "silu",
    "mish", fm.activations.LeakyReLU(0.2), fm.activations.ELU(0.7),
]  # fmt: skip
MODULES = [
    nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.Softsign, nn.ReLU, nn.SELU, nn.Softplus, nn.GELU, nn.SiLU, nn.Mish, nn.ELU,
    nn.LeakyReLU, lambda: nn.GELU(approximate="tanh"), lambda: nn.LeakyReLU(0.3), lambda: nn.ELU(0.4), nn.Identity,
]  # fmt: skip


def check(ours: Any, theirs: Any, dtype: str, what: str) -> float:
    """Return how far apart outputs are in units of the tolerance, which must be less than 1."""
    theirs = theirs.detach().numpy()
    scale = np.maximum(np.abs(ours).max(axis=1, keepdims=True), 1.0)
    apart = float((np.abs(ours - theirs) / scale).max()) / TOLERANCE[dtype]
    assert apart <= 1.0, f"{what}: {apart:.2g} times the tolerance"
    return apart


def random_network(rng: np.random.Generator, X: np.ndarray, dtype: str) -> fm.Network:
    """Return a trained network of layers that PyTorch has, scalings among them."""
    layers: list[Any] = []
    if rng.random() < 0.5:
        layers.append([fm.Standardize(), fm.Rescale(), fm.RobustScale()][rng.integers(3)])
    for _ in range(rng.integers(0, 4)):
        if rng.random() < 0.3:
            layers.append(fm.Dropout(0.2))
        layers.append(fm.Dense(int(rng.integers(1, 20)), ACTIVATIONS[rng.integers(len(ACTIVATIONS))]))
        if rng.random() < 0.3:
            layers.append(fm.LayerNorm())
    is_classifier = rng.random() < 0.5
    outputs = int(rng.integers(2, 5))
    layers.append(fm.Dense(outputs, "softmax" if is_classifier else "identity"))
    scales = not is_classifier and rng.random() < 0.5
    net = fm.Network(X.shape[1], layers, dtype=dtype, seed=int(rng.integers(99)), scale_targets=scales)
    y = rng.integers(0, outputs, len(X)) if is_classifier else 50 + 9 * rng.normal(size=(len(X), outputs))
    net.fit(X, y if is_classifier or scales else y / 50, epochs=2, progress=False)
    return net


def random_module(rng: np.random.Generator, n_inputs: int, dtype: Any) -> nn.Sequential:
    """Return a module as users write them, with gains and biases of LayerNorm that are not those of the start."""
    modules: list[Any] = [nn.Flatten()] if rng.random() < 0.2 else []
    width = n_inputs
    for _ in range(rng.integers(0, 4)):
        units = int(rng.integers(1, 20))
        inner: list[Any] = [
            nn.Linear(width, units, bias=bool(rng.random() < 0.8)),
            MODULES[rng.integers(len(MODULES))](),
        ]
        if rng.random() < 0.4:
            norm = nn.LayerNorm(units, elementwise_affine=bool(rng.random() < 0.7))
            for parameter in norm.parameters():
                nn.init.normal_(parameter)
            inner.append(norm)
        if rng.random() < 0.3:
            inner.append(nn.Dropout(0.3))
        modules += [nn.Sequential(*inner)] if rng.random() < 0.3 else inner
        width = units
        if rng.random() < 0.2:  # a block and an activation that come twice
            block, activation = nn.Linear(width, width), MODULES[rng.integers(len(MODULES))]()
            modules += [nn.Sequential(block, activation)] * 2 if rng.random() < 0.5 else [block, activation] * 2
    modules.append(nn.Linear(width, 3))
    if rng.random() < 0.5:
        modules.append(nn.Softmax(dim=int(rng.choice([1, -1]))))
    return nn.Sequential(*modules).to(dtype).eval()


class Own(nn.Linear):
    """A Linear that is none."""

    def forward(self, x: Any) -> Any:
        """Return twice what a Linear does."""
        return 2 * super().forward(x)


def hooked() -> nn.Sequential:
    """Return a module with a hook."""
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].register_forward_hook(lambda module, inputs, output: output * 2)
    return module


def of_its_own() -> nn.Sequential:
    """Return a module of which one part has another forward."""
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].forward = lambda x: 2 * x
    return module


REFUSED_MODULES: list[tuple[Any, str]] = [
    (nn.Linear(2, 2), r"from_torch takes a torch\.nn\.Sequential"),
    ([nn.Linear(2, 2)], r"from_torch takes a torch\.nn\.Sequential"),
    (nn.Sequential(), "has no Linear"),
    (nn.Sequential(Own(2, 2)), r"^0 is Own"),
    (hooked(), "^0 has a forward hook"),
    (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)), r"^1 is BatchNorm1d"),
    (nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 1)), "^2 is Tanh after another activation"),
    (nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.ReLU(), nn.Linear(3, 1)), "^2 is ReLU after LayerNorm"),
    (nn.Sequential(nn.ReLU(), nn.Linear(2, 3)), "^0 is ReLU after the inputs"),
    (nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 3)), "before the first Linear"),
    (nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3, eps=1e-3), nn.Linear(3, 1)), r"^1 has eps=0\.001"),
    (nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)), "ends in LayerNorm"),
    (nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.1)), "ends in Dropout"),
    (nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)), "^1 takes 4 inputs, but 3 come"),
    (nn.Sequential(nn.Linear(2, 3).half()), "is of torch.float16"),
    (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1).double()), "^1 is of torch.float64, but the modules before"),
    (nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0)), "Softmax over dim=0"),
    (nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=1), nn.Linear(3, 1)), "softmax, but only the last layer"),
    (nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=1)), "^1 is LogSoftmax"),
    (nn.Sequential(nn.Linear(2, 3), nn.Hardtanh(0.0, 6.0)), "min_val and max_val"),
    (nn.Sequential(nn.Linear(2, 3), nn.Softplus(beta=2.0)), "beta"),
    (nn.Sequential(nn.Linear(2, 3), nn.PReLU()), "^1 is PReLU"),
    (nn.Sequential(nn.LazyLinear(3)), "^0 is LazyLinear without weights"),
    (nn.Sequential(nn.Linear(2, 3, device="meta")), "^0 has no numbers, its weights are on the device meta"),
    (nn.Sequential(nn.Linear(2, 3), nn.Dropout(1.0), nn.Linear(3, 1)), r"^1 is Dropout\(p=1.0.*, but "),
    (nn.Sequential(nn.Linear(2, 3), nn.ELU(-1.0)), r"^1 is ELU\(alpha=-1.0\), but alpha"),
    (nn.Sequential(nn.Dropout(0.1), nn.ReLU(), nn.Linear(2, 3)), "^1 is ReLU after LayerNorm or Dropout"),
    (of_its_own(), "^0 has a forward of its own"),
]
REFUSED_LAYERS: list[tuple[list[Any], str]] = [
    ([fm.Maxout(3), fm.Dense(1)], r"^layers\[0\] is Maxout"),
    ([fm.Periodic(), fm.Dense(1)], r"^layers\[0\] is Periodic"),
    ([fm.Dense(3, "x * tanh(x)"), fm.Dense(1)], r"^layers\[0\] has the activation"),
    ([fm.Dense(1, "sign")], r"^layers\[0\] has the activation 'sign'"),
    ([fm.Standardize(), fm.Dense(1)], r"^layers\[0\] is Standardize, which has learned nothing yet"),
]


def check_refusals() -> int:
    """Ask for what cannot be, and return how often."""
    diverged = nn.Sequential(nn.Linear(2, 3))
    nn.init.constant_(diverged[0].weight, float("nan"))
    # finite both, but not their product
    large = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1))
    nn.init.constant_(large[1].weight, 1e30)
    nn.init.constant_(large[2].weight, 1e20)
    refused = [*REFUSED_MODULES, (diverged, "^the weights of 0"), (large, "^the weights of 2 are not finite")]
    calls = [(fm.from_torch, module, words) for module, words in refused]
    calls += [(fm.Network.to_torch, fm.Network(2, layers, seed=0), words) for layers, words in REFUSED_LAYERS]
    unscaled = fm.Network(2, [fm.Dense(1)], scale_targets=True)
    calls.append((fm.Network.to_torch, unscaled, "^scale_targets has not learned its numbers"))
    infinite = fm.Network(2, [fm.Dense(3), fm.Dropout(0.5), fm.Dense(1)])
    infinite.layers[1].bias[0] = float("inf")
    calls.append((fm.Network.to_torch, infinite, r"^layers\[1\]\.bias holds NaN or infinity, .* not exported"))
    for call, given, words in calls:
        try:
            call(given)
        except (ValueError, TypeError) as error:
            said = str(error)
        else:
            said = "nothing"
        assert re.search(words, said), f"{given}: {said}"
    return len(calls)


def main() -> None:
    """Compare, and print how far apart outputs were at most."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worst = dict.fromkeys(TOLERANCE, 0.0)
    for number in range(options.seed, options.seed + options.count):
        rng = np.random.default_rng(number)
        torch.manual_seed(number)
        dtype = str(rng.choice(list(TOLERANCE)))
        X = rng.normal(size=(40, int(rng.integers(1, 12)))).astype(dtype)
        net = random_network(rng, X, dtype)
        module = net.to_torch()
        if number % 10 == 0:  # as users keep them
            file = io.BytesIO()
            torch.save(module, file)
            file.seek(0)
            module = torch.load(file, weights_only=False)
        worst[dtype] = max(worst[dtype], check(net.forward(X), module(torch.tensor(X)), dtype, f"network {number}"))
        given = random_module(rng, X.shape[1], getattr(torch, dtype))
        read = fm.from_torch(given)
        assert str(read.dtype) == dtype
        worst[dtype] = max(worst[dtype], check(read.forward(X), given(torch.tensor(X)), dtype, f"module {number}"))
    shares = ", ".join(f"{share:.2g} of the tolerance in {dtype}" for dtype, share in worst.items())
    print(f"{options.count} networks and {options.count} modules: at most {shares}; {check_refusals()} refused by name")


if __name__ == "__main__":
    main()
