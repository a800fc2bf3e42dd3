"""``python -m bench.fleets``: 64 networks of 20-64-64-2 on 10 000 rows, by ``fit_many`` and by what others do.

The measure of ``fit_many`` is what as many separate processes reach at once as it has threads, each with its share of
the networks and one thread: nothing is shared there, and nothing waits. Beside it: one ``fit`` after another,
scikit-learn in the processes of joblib, JAX with the networks under one vmap, PyTorch in a loop. Each way has processes
of its own, which take turns; libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import numpy as np

from bench import machine
from bench.cells import Cell
from bench.run import REST_SECONDS

CELL = Cell("fleet", (20, 64, 64, 2), 128, "adam", 128 * 78)
NETWORKS, EPOCHS = 64, 3

# trains so many networks on so many threads, in each call; fastmlp's and PyTorch's are made before the first
Way = Callable[[int, int], Callable[[], Any]]


def _networks(count: int) -> list[Any]:
    import fastmlp as fm

    layers = [fm.Dense(64, "relu"), fm.Dense(64, "relu"), fm.Dense(2, "softmax")]
    return [fm.Network(20, layers, seed=seed) for seed in range(count)]


def by_fit_many(count: int, threads: int) -> Callable[[], Any]:
    """Return what is timed: one call."""
    import fastmlp as fm

    fm.set_num_threads(threads)
    X, y = CELL.data()
    networks, settings = _networks(count), {"epochs": EPOCHS, "batch_size": CELL.batch}
    return lambda: fm.fit_many(networks, X, y, settings=settings, progress=False)


def by_fit(count: int, threads: int) -> Callable[[], Any]:
    """Return one fit after another."""
    import fastmlp as fm

    fm.set_num_threads(threads)
    X, y = CELL.data()
    networks = _networks(count)

    def train() -> None:
        for network in networks:
            network.fit(X, y, epochs=EPOCHS, batch_size=CELL.batch, progress=False)

    return train


def by_joblib(count: int, threads: int) -> Callable[[], Any]:
    """Return scikit-learn's estimators in processes that stay from call to call."""
    os.environ["PYTHONWARNINGS"] = "ignore"  # in its processes: that nothing has converged
    from joblib import Parallel, delayed
    from sklearn.neural_network import MLPClassifier

    X, y = CELL.data()
    fixed = {"max_iter": EPOCHS, "tol": 0.0, "n_iter_no_change": EPOCHS + 1, "batch_size": CELL.batch, "alpha": 0.0}
    estimators = [MLPClassifier((64, 64), random_state=seed, **fixed) for seed in range(count)]
    parallel = Parallel(n_jobs=threads)
    return lambda: parallel(delayed(MLPClassifier.fit)(estimator, X, y) for estimator in estimators)


def by_vmap(count: int, threads: int) -> Callable[[], Any]:
    """Return JAX's training of all networks at once, each with an order of the rows of its own."""
    # XLA has no setting for it: it starts a thread for each processor that the process may use
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import jax
    import jax.numpy as jnp
    import optax

    X, y = map(jnp.asarray, CELL.data())
    optimizer = optax.adam(CELL.learning_rate)

    def loss_of(parameters: Any, rows: Any, labels: Any) -> Any:
        for weights, bias in parameters[:-1]:
            rows = jax.nn.relu(rows @ weights + bias)
        weights, bias = parameters[-1]
        return optax.softmax_cross_entropy_with_integer_labels(rows @ weights + bias, labels).mean()

    def fit(key: Any) -> Any:
        keys = jax.random.split(key, len(CELL.sizes))
        sizes = zip(keys, CELL.sizes, CELL.sizes[1:], strict=False)
        parameters = [(jax.random.normal(k, (m, n)) * (2 / m) ** 0.5, jnp.zeros(n)) for k, m, n in sizes]

        def step(carry: Any, index: Any) -> Any:
            parameters, state = carry
            gradients = jax.grad(loss_of)(parameters, X[index], y[index])
            updates, state = optimizer.update(gradients, state)
            return (optax.apply_updates(parameters, updates), state), None

        def epoch(carry: Any, key: Any) -> Any:
            order = jax.random.permutation(key, CELL.samples).reshape(-1, CELL.batch)
            return jax.lax.scan(step, carry, order)

        return jax.lax.scan(epoch, (parameters, optimizer.init(parameters)), jax.random.split(keys[-1], EPOCHS))[0]

    fit_all = jax.jit(jax.vmap(fit))
    seeds = jax.random.split(jax.random.key(0), count)
    return lambda: jax.block_until_ready(fit_all(seeds))


def by_torch(count: int, threads: int) -> Callable[[], Any]:
    """Return PyTorch's loop, as bench/peers has it."""
    from bench.peers.with_torch import prepare

    models = [prepare(CELL, threads) for _ in range(count)]

    def train() -> None:
        for model in models:
            model.train(EPOCHS)

    return train


WAYS: dict[str, Way] = {
    "fit_many": by_fit_many,
    "fit": by_fit,
    "joblib": by_joblib,
    "vmap": by_vmap,
    "torch": by_torch,
}
TITLES = {
    "fit_many": "fastmlp, fit_many",
    "processes": "fastmlp, separate processes",
    "fit": "fastmlp, one fit after another",
    "joblib": "scikit-learn, joblib",
    "vmap": "JAX, vmap",
    "torch": "PyTorch, a loop",
}


def _serve(connection: Connection, way: str, count: int, threads: int) -> None:
    """Prepare, train once and say how long that took, or what is not installed; then train whenever told."""
    try:
        train = WAYS[way](count, threads)
        began = time.perf_counter()
        train()
    except ImportError as missing:
        connection.send((str(missing), 0.0))
        return
    connection.send((None, time.perf_counter() - began))
    while connection.recv():
        train()
        connection.send(None)


class Workers:
    """One process for a way, or several that share the networks."""

    def __init__(self, way: str, shares: list[int], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connections, self._processes = [], []
        for count in shares:
            here, there = context.Pipe()
            # not a daemon, which could have no processes of its own
            process = context.Process(target=_serve, args=(there, way, count, threads))
            process.start()
            self._connections.append(here)
            self._processes.append(process)
        missing, first = zip(*[connection.recv() for connection in self._connections], strict=True)
        self.missing, self.first = next(filter(None, missing), None), max(first)

    def seconds(self) -> float:
        """Let all train at once, and return how long the last of them took."""
        began = time.perf_counter()
        for connection in self._connections:
            connection.send(True)
        for connection in self._connections:
            connection.recv()
        return time.perf_counter() - began

    def stop(self) -> None:
        """End the processes."""
        for connection, process in zip(self._connections, self._processes, strict=True):
            if self.missing is None:
                connection.send(False)
            process.join()


def main() -> int:
    """Print seconds of each way, and the speed of fit_many as a share of that of the processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=NETWORKS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    count, threads = options.networks, options.threads
    shares = [len(part) for part in np.array_split(range(count), threads)]
    workers = {name: Workers(name, [count], threads) for name in WAYS}
    workers["processes"] = Workers("fit", shares, 1)
    seconds: dict[str, list[float]] = {name: [] for name, one in workers.items() if one.missing is None}
    for _ in range(options.rounds):
        for name, rounds in seconds.items():
            time.sleep(REST_SECONDS)
            rounds.append(workers[name].seconds())
    for name, fact in machine.description().items():
        print(f"{name}: {fact}")
    sizes = "-".join(map(str, CELL.sizes))
    print(
        f"{count} networks of {sizes}, {CELL.samples} rows, {EPOCHS} epochs, {threads} threads, {options.rounds} rounds"
    )
    for name, title in TITLES.items():
        if name not in seconds:
            print(f"{title:<34}not measured: {workers[name].missing}")
            continue
        share = median(a / b for a, b in zip(seconds["processes"], seconds[name], strict=True))
        words = f", the first time {workers[name].first:.2f} s" if name == "vmap" else ""
        print(f"{title:<34}{median(seconds[name]):>8.2f} s{share:>8.2f} of the separate processes{words}")
    for one in workers.values():
        one.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
