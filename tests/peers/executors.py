"""``python -m tests.peers.executors dask``: random fleets on the executor of another library, beside their own fits.

    python -m tests.peers.executors dask                                      # a cluster of two workers on this machine
    mpirun -n 2 python -m mpi4py.futures -m tests.peers.executors mpi         # one process asks, the other one trains

Every bit must be equal. tests/python/random_fleets.py makes the fleets, and must be found by the workers: PYTHONPATH.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from random_fleets import differences


@contextmanager
def executor_of(kind: str) -> Iterator[Executor]:
    """Yield the executor."""
    if kind == "mpi":
        from mpi4py.futures import MPIPoolExecutor

        with MPIPoolExecutor() as executor:
            assert executor.num_workers == 1, "start it by: mpirun -n 2 python -m mpi4py.futures -m ..."
            yield executor
        return
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client.get_executor()


def main() -> int:
    """Print what differs, and how many were tried."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["dask", "mpi"])
    parser.add_argument("--count", type=int, default=10)
    arguments = parser.parse_args()
    with executor_of(arguments.kind) as executor:
        wrong = [line for seed in range(arguments.count) for line in differences(seed, 2, executor)]
    print(*wrong, sep="\n")
    print(f"{arguments.count} fleets on {type(executor).__name__}: {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
