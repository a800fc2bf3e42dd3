"""PyTorch with forward and backward pass compiled (torch.compile), else as in with_torch.py."""

from __future__ import annotations

import torch

from bench.cells import Cell
from bench.peers import Model, with_torch


def VERSION() -> str:  # noqa: N802
    return f"PyTorch {torch.__version__}, compiled"


def prepare(cell: Cell, threads: int) -> Model:
    return with_torch.prepare(cell, threads, wrap=torch.compile)
