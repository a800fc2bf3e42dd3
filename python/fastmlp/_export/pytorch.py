"""PyTorch, or the sentence that it is missing; what reads and writes its modules is imported in a call."""

from __future__ import annotations

from typing import Any

from fastmlp.runtime import imported

try:
    torch: Any = imported("torch")
except ImportError as missing:
    raise ImportError("modules of PyTorch need PyTorch, which is not installed: pytorch.org says how.") from missing
