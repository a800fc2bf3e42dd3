"""JAX with optax: a whole epoch in one jit, batches by lax.scan over a shuffled index, buffers donated."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from bench.cells import Cell
from bench.peers import Model


def VERSION() -> str:  # noqa: N802
    return f"JAX {jax.__version__}"


def prepare(cell: Cell, threads: int) -> Model:
    # XLA has no setting for the number of threads: it starts one for each processor that the process may use
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    jax.config.update("jax_enable_x64", cell.dtype == "float64")
    X, y = map(jnp.asarray, cell.data())
    dtype = jnp.dtype(cell.dtype)
    act = {"relu": jax.nn.relu, "tanh": jnp.tanh}[cell.activation]
    adam, rate = cell.optimizer == "adam", cell.learning_rate
    optimizer = optax.adam(rate) if adam else optax.sgd(rate, momentum=0.9, nesterov=True)

    def logits(parameters: list[Any], batch: jax.Array) -> jax.Array:
        for weights, bias in parameters[:-1]:
            batch = act(batch @ weights + bias)
        weights, bias = parameters[-1]
        return batch @ weights + bias

    def loss_of(parameters: list[Any], batch: jax.Array, labels: jax.Array) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(logits(parameters, batch), labels).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def epoch(parameters: list[Any], state: Any, key: jax.Array) -> tuple[list[Any], Any]:
        def step(carry: tuple[list[Any], Any], index: jax.Array) -> tuple[tuple[list[Any], Any], None]:
            parameters, state = carry
            gradients = jax.grad(loss_of)(parameters, X[index].astype(dtype), y[index])
            updates, state = optimizer.update(gradients, state)
            return (optax.apply_updates(parameters, updates), state), None

        order = jax.random.permutation(key, cell.samples).reshape(-1, cell.batch)
        return jax.lax.scan(step, (parameters, state), order)[0]

    @jax.jit
    def probabilities(parameters: list[Any], rows: jax.Array) -> jax.Array:
        return jax.nn.softmax(logits(parameters, rows))

    keys = jax.random.split(jax.random.key(0), len(cell.sizes))
    parameters = [
        (jax.random.normal(key, (n_in, n_out), dtype) * (2 / n_in) ** 0.5, jnp.zeros(n_out, dtype))
        for key, n_in, n_out in zip(keys, cell.sizes, cell.sizes[1:], strict=False)
    ]
    held = {"parameters": parameters, "state": optimizer.init(parameters), "key": keys[-1]}

    def train(epochs: int) -> None:
        for _ in range(epochs):
            held["key"], key = jax.random.split(held["key"])
            held["parameters"], held["state"] = epoch(held["parameters"], held["state"], key)
        jax.block_until_ready(held["parameters"])

    def predict(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(jax.block_until_ready(probabilities(held["parameters"], rows)))

    def set_bias(units: int, value: float) -> None:
        (weights, bias), *others = held["parameters"]
        held["parameters"] = [(weights, bias.at[:units].set(value)), *others]

    return Model(train, predict, set_bias)
