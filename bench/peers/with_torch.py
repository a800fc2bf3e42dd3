"""PyTorch on the CPU: tensors loaded beforehand, a fused optimizer, batches taken by a shuffled index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch

from bench.cells import Cell
from bench.peers import Model


def VERSION() -> str:  # noqa: N802
    return f"PyTorch {torch.__version__}, eager"


def prepare(cell: Cell, threads: int, wrap: Callable[..., Callable[..., None]] = lambda step: step) -> Model:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(array) for array in cell.data())
    dtype = getattr(torch, cell.dtype)
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[cell.activation]
    modules: list[torch.nn.Module] = []
    for n_in, n_out in zip(cell.sizes, cell.sizes[1:], strict=False):
        modules += [torch.nn.Linear(n_in, n_out), kind()]
    net = torch.nn.Sequential(*modules[:-1]).to(dtype)
    with_softmax = torch.nn.Sequential(*net, torch.nn.Softmax(1))
    if cell.optimizer == "adam":
        optimizer = torch.optim.Adam(net.parameters(), cell.learning_rate, fused=True)
    else:
        optimizer = torch.optim.SGD(net.parameters(), cell.learning_rate, momentum=0.9, nesterov=True, fused=True)
    loss_of = torch.nn.functional.cross_entropy

    def forward_and_backward(batch: torch.Tensor, labels: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(net(batch), labels).backward()

    step = wrap(forward_and_backward)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            order = torch.randperm(cell.samples)
            for start in range(0, cell.samples, cell.batch):
                index = order[start : start + cell.batch]
                step(X[index].to(dtype), y[index])
                optimizer.step()

    def predict(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        with torch.inference_mode():
            return with_softmax(torch.from_numpy(rows)).numpy()

    def set_bias(units: int, value: float) -> None:
        with torch.no_grad():
            modules[0].bias[:units] = value

    return Model(train, predict, set_bias)
