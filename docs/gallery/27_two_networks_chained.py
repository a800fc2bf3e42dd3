r"""A gradient can go through one network into another.

An actor chooses a force, a critic says what it is worth; the derivative of the critic by its input tells the actor
which way to change the force.

This is how actions that are numbers can be learned, not only a choice among a few. The task: a puck lies on a line
between two walls and shall be brought to the middle and stop there. Its state is place $x$ and speed $v$. Ten times a
second it gets a force from $-1$ to 1, and each step costs $x^2 + 0.1 v^2 + 0.01 f^2$. At a wall it stops.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

N_STEPS, SECONDS, WALL = 60, 0.1, 1.5


def starts(n, generator):
    """Return n states to begin with."""
    return np.stack([generator.uniform(-1.0, 1.0, n), generator.uniform(-0.5, 0.5, n)], axis=1)


def move(states, forces):
    """Return what is earned (costs, negative) and the next states."""
    place, speed = states[:, :1], states[:, 1:]
    earned = -(place * place + 0.1 * speed * speed + 0.01 * forces * forces)
    speed = speed + SECONDS * forces
    place = place + SECONDS * speed
    speed = np.where(np.abs(place) > WALL, 0.0, speed)
    return earned, np.concatenate([np.clip(place, -WALL, WALL), speed], axis=1)


def play(policy, states):
    """Return the mean of what episodes earn altogether, and the states they go through (steps + 1, episodes, 2)."""
    total, way = 0.0, [states]
    for _ in range(N_STEPS):
        earned, states = move(states, policy(states))
        total += float(earned.mean())
        way.append(states)
    return total, np.array(way)


generator = np.random.default_rng(0)
tests = starts(50, np.random.default_rng(1))
at_random, _ = play(lambda states: generator.uniform(-1.0, 1.0, (len(states), 1)), tests)
by_hand, _ = play(lambda states: np.clip(-3.0 * states[:, :1] - 2.5 * states[:, 1:], -1.0, 1.0), tests)
print(f"random forces earn {at_random:.1f}, a rule found by hand {by_hand:.1f}")
assert at_random < -30.0
assert by_hand > -3.0

# %%
# The actor is a network from states to forces, with tanh to keep them in bounds. The critic is one from states and
# forces to the value $Q(s, f)$: what will be earned from here on. It learns from its own estimate one step later, as on
# [the page before](26_deep_q_learning.md), where a value was a cost and small was good; here large is good. The
# actor learns from the critic: its loss is $-Q(s, f)$, the mean over the batch, and the chain rule goes through both
# networks,
#
# ```math
# \frac{\partial L}{\partial \theta} = -\frac 1 n \sum_i
#     \frac{\partial Q(s_i, f_i)}{\partial f_i} \cdot \frac{\partial f_i}{\partial \theta}.
# ```
#
# `critic.input_gradient` gives the first factor and `actor.step` multiplies it by the second. This is all:


def improve_actor(actor, critic, states, optimizer):
    """Make one step of the actor to where the critic gives more."""
    forces = actor.forward(states)
    slopes = critic.input_gradient(np.concatenate([states, forces], axis=1))[:, 2:]
    actor.step(states, -slopes / len(states), optimizer=optimizer)


# %%
# The critic's units are silu, a relu with a round corner: its slopes are what the actor learns from, so they should not
# jump. That the gradient is right can be seen from one step of plain descent, which changes the loss by
# $-\eta \lVert g \rVert^2$ if it is small.

actor = fm.Network(2, [fm.Dense(32, "relu"), fm.Dense(32, "relu"), fm.Dense(1, "tanh")], seed=0)
critics = [fm.Network(3, [fm.Dense(32, "silu"), fm.Dense(32, "silu"), fm.Dense(1)], seed=seed) for seed in (1, 2)]


def loss(actor, critic, states):
    """Return the mean of -Q over these states."""
    return -float(critic.forward(np.concatenate([states, actor.forward(states)], axis=1)).astype(float).mean())


moved = actor.copy()
improve_actor(moved, critics[0], tests, fm.SGD(1e-3))
change = moved.get_parameters() - actor.get_parameters()
expected = -float((change.astype(float) ** 2).sum()) / 1e-3  # the change is -eta g
happened = loss(moved, critics[0], tests) - loss(actor, critics[0], tests)
print(f"the loss changes by {happened:.2e}, expected {expected:.2e}")
assert np.isclose(happened, expected, rtol=0.1)

# %%
# What makes such a pair learn reliably is TD3 (Fujimoto, van Hoof and Meger, 2018):
#
# - Two critics, and of their estimates the smaller one counts. An actor seeks out where a critic errs upwards; that two
#   err upwards at the same place is rarer.
# - Target networks, as for deep Q-learning, of the actor too.
# - The force by which the next state is judged gets some noise, so that a narrow peak of the critic is worth little.
# - The actor makes one step for two of the critics, which thus have time to be right.
#
# An episode is cut after 60 steps, but this is no end: what comes after it still has its value.

DISCOUNT, BATCH, N_PUCKS, N_LOOPS = 0.95, 128, 16, 2400
optimizers = [fm.Adam(0.001) for _ in range(3)]
target_actor, target_critics = actor.copy(), [critic.copy() for critic in critics]


def noise(n, largest=1.0):
    """Return random forces."""
    return np.clip(generator.normal(0.0, 0.2, (n, 1)), -largest, largest)


def improve_critics(states_and_forces, earned, next_states):
    """Make one step of both critics towards what was earned and what the next state is worth."""
    forces = np.clip(target_actor.forward(next_states) + noise(BATCH, 0.5), -1.0, 1.0)
    following = np.concatenate([next_states, forces], axis=1)
    wanted = earned + DISCOUNT * np.minimum(*(critic.forward(following) for critic in target_critics))
    for critic, optimizer in zip(critics, optimizers[1:], strict=True):
        critic.step(states_and_forces, lambda values: (values - wanted) / BATCH, optimizer=optimizer)


memory = np.zeros((N_LOOPS * N_PUCKS, 6))  # state, force, what was earned, next state
states, ages = starts(N_PUCKS, generator), generator.integers(0, N_STEPS, N_PUCKS)
tested = []
for loop in range(N_LOOPS):
    if loop < 100:
        forces = generator.uniform(-1.0, 1.0, (N_PUCKS, 1))
    else:
        forces = np.clip(actor.forward(states) + noise(N_PUCKS), -1.0, 1.0)
    earned, next_states = move(states, forces)
    end = (loop + 1) * N_PUCKS
    memory[end - N_PUCKS : end] = np.concatenate([states, forces, earned, next_states], axis=1)
    ages = np.where(ages + 1 < N_STEPS, ages + 1, 0)
    states = np.where(ages[:, None] > 0, next_states, starts(N_PUCKS, generator))

    batch = memory[generator.integers(0, end, BATCH)]
    improve_critics(batch[:, :3], batch[:, 3:4], batch[:, 4:])
    if loop % 2 == 1:
        improve_actor(actor, critics[0], batch[:, :2], optimizers[0])
        for follower, network in zip([target_actor, *target_critics], [actor, *critics], strict=True):
            follower.soft_update(network, 0.02)
    if (loop + 1) % 100 == 0:
        tested.append(play(actor.forward, tests)[0])

earned, way = play(actor.forward, tests)
print("earned after every 300 steps:", " ".join(f"{value:.1f}" for value in tested[2::3]))
print(f"at the end a puck is {np.abs(way[-1, :, 0]).max():.2f} from the middle at most")
assert earned > -5.0
assert np.abs(way[-1, :, 0]).max() < 0.3

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
left.plot(100 * np.arange(1, len(tested) + 1), tested, label="actor")
for value, name, color in ((at_random, "random", "#c4472b"), (by_hand, "rule by hand", "#4a9a5b")):
    left.axhline(value, color=color, linewidth=1.2, linestyle="--", label=name)
left.set(xlabel="step of training", title="Earned in an episode, mean of 50")
left.legend(loc="center right")
places, speeds = np.meshgrid(np.linspace(-1.1, 1.1, 60), np.linspace(-1.1, 1.1, 60))
forces = actor.forward(np.stack([places.ravel(), speeds.ravel()], axis=1)).reshape(places.shape)
shades = right.contourf(places, speeds, forces, levels=np.linspace(-1.0, 1.0, 11), cmap="RdBu", alpha=0.7)
figure.colorbar(shades, ax=right)
right.plot(way[:, :8, 0], way[:, :8, 1], color="#26282b", linewidth=0.9)
right.plot(way[0, :8, 0], way[0, :8, 1], "o", color="#26282b", markersize=3.5)
right.set(xlabel="place", ylabel="speed", title="Force, and the ways of eight pucks")
figure.savefig("27_two_networks_chained.png")
