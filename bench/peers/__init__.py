"""The libraries that are measured, each in its fastest usual form, each in a process of its own.

A peer is a module with ``VERSION()`` and ``prepare(cell, threads)``, which returns ``run(epochs)``: train that many
epochs of the cell, and return when the work is done. A module that cannot be imported is a missing peer.
"""

from __future__ import annotations

PEERS = {
    "fastmlp": "bench.peers.with_fastmlp",
    "jax": "bench.peers.with_jax",
    "torch": "bench.peers.with_torch",
    "torch-compiled": "bench.peers.with_torch_compiled",
    "sklearn": "bench.peers.with_sklearn",
}
