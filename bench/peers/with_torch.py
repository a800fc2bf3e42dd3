"""PyTorch on the CPU: tensors loaded beforehand, a fused optimizer, batches taken by a shuffled index."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench.cells import Cell


def VERSION() -> str:  # noqa: N802
    return f"PyTorch {torch.__version__}, eager"


def prepare(
    cell: Cell, threads: int, wrap: Callable[..., Callable[..., None]] = lambda step: step
) -> Callable[[int], None]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(array) for array in cell.data())
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[cell.activation]
    modules: list[torch.nn.Module] = []
    for n_in, n_out in zip(cell.sizes, cell.sizes[1:], strict=False):
        modules += [torch.nn.Linear(n_in, n_out), kind()]
    net = torch.nn.Sequential(*modules[:-1]).to(X.dtype)
    if cell.optimizer == "adam":
        optimizer = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
    else:
        optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, nesterov=True, fused=True)
    loss_of = torch.nn.functional.cross_entropy

    def forward_and_backward(batch: torch.Tensor, labels: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(net(batch), labels).backward()

    step = wrap(forward_and_backward)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            order = torch.randperm(cell.samples)
            for start in range(0, cell.samples, cell.batch):
                index = order[start : start + cell.batch]
                step(X[index], y[index])
                optimizer.step()

    return run
