"""``python -m bench.own_steps``: steps of reinforcement learning beside PyTorch's eager ones, and what calls cost.

Both do the same arithmetic on networks of the same sizes, one thread, in turn in one process: a step of deep
Q-learning (Mnih et al., Nature 518, 2015), a whole step of TD3 (Fujimoto et al., ICML 2018: two critics, the actor,
their targets) and one row to act on. Both are given the arrays of NumPy that a replay memory or a simulation has, and
give back the number of an action. Below them, fastmlp alone: calls beside a step of ``fit``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import fastmlp as fm
from bench import machine

ROWS, STATE, ACTIONS, CONTROLS, UNITS = 64, 4, 2, 1, 64
GAMMA, TAU, RATE = 0.99, 0.005, 1e-3
# of a turn; long beside the clock's steps, short beside the machine's moods
TURN_SECONDS = 0.3

Step = Callable[[], Any]


def transitions() -> dict[str, Any]:
    """Return a batch out of a replay memory."""
    random = np.random.default_rng(0)
    return {
        "states": random.standard_normal((ROWS, STATE)).astype(np.float32),
        "next": random.standard_normal((ROWS, STATE)).astype(np.float32),
        "actions": random.integers(0, ACTIONS, ROWS),
        "controls": random.uniform(-1, 1, (ROWS, CONTROLS)).astype(np.float32),
        "rewards": random.standard_normal(ROWS).astype(np.float32),
        "goes_on": (random.random(ROWS) > 0.1).astype(np.float32),
        "noise": random.normal(0, 0.2, (ROWS, CONTROLS)).clip(-0.5, 0.5).astype(np.float32),
    }


def with_fastmlp() -> dict[str, Step]:
    """Return the steps of fastmlp."""
    batch = transitions()
    # of the mean over the rows
    adam, shares = fm.Adam(RATE), np.eye(ACTIONS, dtype=np.float32) / ROWS

    def network(n_inputs: int, n_outputs: int, last: str = "identity") -> fm.Network:
        hidden = [fm.Dense(UNITS, "relu"), fm.Dense(UNITS, "relu")]
        return fm.Network(n_inputs, [*hidden, fm.Dense(n_outputs, last)], seed=0)

    q = network(STATE, ACTIONS)
    q_target = q.copy()

    def dqn() -> None:
        # of two actions; a maximum along the rows takes NumPy three times as long
        future = np.maximum(*q_target.forward(batch["next"]).T)
        goal = batch["rewards"] + GAMMA * batch["goes_on"] * future
        taken = shares.take(batch["actions"], axis=0)
        q.step(batch["states"], lambda outputs: (outputs - goal[:, np.newaxis]) * taken, optimizer=adam)

    actor = network(STATE, CONTROLS, "tanh")
    critics = [network(STATE + CONTROLS, 1) for _ in range(2)]
    targets = [net.copy() for net in (actor, *critics)]

    def td3() -> None:
        controls = (targets[0].forward(batch["next"]) + batch["noise"]).clip(-1, 1)
        after = np.concatenate([batch["next"], controls], axis=1)
        future = np.minimum(targets[1].forward(after), targets[2].forward(after))[:, 0]
        goal = (batch["rewards"] + np.float32(GAMMA) * batch["goes_on"] * future)[:, np.newaxis]
        before = np.concatenate([batch["states"], batch["controls"]], axis=1)
        for critic in critics:
            critic.step(before, lambda outputs: (outputs - goal) * np.float32(2 / ROWS), optimizer=adam)

        def up_the_critic(controls: Any) -> Any:
            seen = np.concatenate([batch["states"], controls], axis=1)
            return critics[0].input_gradient(seen)[:, STATE:] * np.float32(-1 / ROWS)

        actor.step(batch["states"], up_the_critic, optimizer=adam)
        for target, net in zip(targets, (actor, *critics), strict=True):
            target.soft_update(net, TAU)

    row = batch["states"][:1]
    return {"DQN step": dqn, "TD3 step": td3, "act on one row": lambda: int(q.forward(row).argmax())}


def with_torch() -> dict[str, Step]:
    """Return the steps of PyTorch, eager, with fused optimizers; tensors share the memory of the arrays."""
    import copy

    import torch

    torch.set_num_threads(1)
    arrays = transitions()

    def taken(*names: str) -> list[Any]:
        return [torch.from_numpy(arrays[name]) for name in names]

    def network(n_inputs: int, n_outputs: int, *last: Any) -> Any:
        return torch.nn.Sequential(
            torch.nn.Linear(n_inputs, UNITS),
            torch.nn.ReLU(),
            torch.nn.Linear(UNITS, UNITS),
            torch.nn.ReLU(),
            torch.nn.Linear(UNITS, n_outputs),
            *last,
        )

    def adam(net: Any) -> Any:
        return torch.optim.Adam(net.parameters(), RATE, fused=True)

    def descend(loss: Any, optimizer: Any) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    q = network(STATE, ACTIONS)
    q_target, q_adam = copy.deepcopy(q), adam(q)

    def dqn() -> None:
        states, actions, rewards, after, goes_on = taken("states", "actions", "rewards", "next", "goes_on")
        with torch.no_grad():
            goal = rewards + GAMMA * goes_on * q_target(after).amax(1)
        error = q(states).gather(1, actions[:, None])[:, 0] - goal
        descend(0.5 * (error * error).mean(), q_adam)

    actor = network(STATE, CONTROLS, torch.nn.Tanh())
    critics = [network(STATE + CONTROLS, 1) for _ in range(2)]
    targets = [copy.deepcopy(net) for net in (actor, *critics)]
    actor_adam, critic_adams = adam(actor), [adam(critic) for critic in critics]

    def td3() -> None:
        states, controls, rewards, after, goes_on = taken("states", "controls", "rewards", "next", "goes_on")
        (noise,) = taken("noise")
        with torch.no_grad():
            later = torch.cat([after, (targets[0](after) + noise).clamp(-1, 1)], 1)
            future = torch.minimum(targets[1](later), targets[2](later))[:, 0]
            goal = rewards + GAMMA * goes_on * future
        before = torch.cat([states, controls], 1)
        for critic, optimizer in zip(critics, critic_adams, strict=True):
            descend(torch.nn.functional.mse_loss(critic(before)[:, 0], goal), optimizer)
        seen = torch.cat([states, actor(states)], 1)
        descend(-critics[0](seen).mean(), actor_adam)
        with torch.no_grad():
            for target, net in zip(targets, (actor, *critics), strict=True):
                # one call for all parameters, the quickest way that there is
                torch._foreach_lerp_(list(target.parameters()), list(net.parameters()), TAU)

    row = arrays["states"][:1]

    def act() -> int:
        with torch.inference_mode():
            return int(q(torch.from_numpy(row)).argmax())

    return {"DQN step": dqn, "TD3 step": td3, "act on one row": act}


def seconds_of(step: Step, turn: float = TURN_SECONDS) -> float:
    """Return the seconds of one call, over a turn of many."""
    step()
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < turn:
        for _ in range(10):
            step()
        count += 10
    return spent / count


def calls() -> dict[str, float]:
    """Return what calls take as a multiple of what they stand for in a training by ``fit``, in turn."""
    random = np.random.default_rng(0)
    X = random.standard_normal((ROWS * 100, 8)).astype(np.float32)
    y = random.integers(0, 4, len(X))
    values = random.standard_normal((len(X), 4)).astype(np.float32)
    adam = fm.Adam(RATE)

    def network(last: str, loss: str | None = None) -> fm.Network:
        return fm.Network(8, [fm.Dense(64, "relu"), fm.Dense(64, "relu"), fm.Dense(4, last)], loss=loss, seed=0)

    batches = [(X[i : i + ROWS], y[i : i + ROWS]) for i in range(0, len(X), ROWS)]
    nets = [network("softmax") for _ in range(5)]
    rows_of_one = fm.Network(2, [fm.Dense(12, "tanh"), fm.Dense(1)], seed=0)
    points, targets = X[:1000, :2], values[:1000, :1]

    def trained(loss: str) -> Step:
        net = network("identity", loss)
        return lambda: net.fit(X, values, epochs=1, batch_size=ROWS, optimizer=adam, progress=False)

    def own_step(net: fm.Network) -> None:
        for rows, labels in batches:
            net.step(rows, values[: len(labels)], optimizer=adam)

    pairs: dict[str, tuple[Step, Step]] = {
        "partial_fit / fit": (
            lambda: [nets[0].partial_fit(rows, labels, optimizer=adam) for rows, labels in batches],
            lambda: nets[1].fit(X, y, epochs=1, batch_size=ROWS, optimizer=adam, progress=False),
        ),
        "fit on batches / fit": (
            lambda: nets[2].fit(batches, epochs=1, optimizer=adam, progress=False),
            lambda: nets[3].fit(X, y, epochs=1, batch_size=ROWS, optimizer=adam, progress=False),
        ),
        "step / partial_fit": (
            lambda: own_step(nets[4]),
            lambda: [nets[0].partial_fit(rows, labels, optimizer=adam) for rows, labels in batches],
        ),
        "loss '(o - t)**2' / 'mse'": (trained("(o - t)**2"), trained("mse")),
        "per-sample gradients / gradients": (
            lambda: rows_of_one.per_sample_gradients(points, targets),
            lambda: rows_of_one.gradients(points, targets),
        ),
    }
    return {
        name: median(seconds_of(first, 0.1) / seconds_of(second, 0.1) for _ in range(5))
        for name, (first, second) in pairs.items()
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.own_steps", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--alone", action="store_true", help="without PyTorch")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each (default: 7)")
    arguments = parser.parse_args()
    fm.set_num_threads(1)
    for name, fact in machine.description().items():
        print(f"{name:<12}{fact}")
    peers = {"fastmlp": with_fastmlp()} | ({} if arguments.alone else {"torch": with_torch()})
    print(f"\n{'one thread, microseconds':<28}" + "".join(f"{peer:>10}" for peer in peers) + "     ratio")
    for cell in next(iter(peers.values())):
        rounds = [[seconds_of(steps[cell]) for steps in peers.values()] for _ in range(arguments.rounds)]
        times = [median(column) for column in zip(*rounds, strict=True)]
        ratio = median(row[-1] / row[0] for row in rounds)
        print(f"{cell:<28}" + "".join(f"{seconds * 1e6:>10.1f}" for seconds in times) + f"{ratio:>10.1f}", flush=True)
    print("\nfastmlp, one as a multiple of the other")
    for name, ratio in calls().items():
        print(f"{name:<34}{ratio:>6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
