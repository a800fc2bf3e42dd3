r"""A network estimates what each action is worth.

Deep Q-learning (Mnih et al., 2015) learns from every single step, and from old ones again and again, instead of from
whole episodes that are thrown away.

The task is the cart-pole of [the page before](25_cart_pole.md). Here the network does not give probabilities of the
pushes, but what each may lead to. The end of an episode costs 1, every other step nothing, and later costs count less:
$Q(s, a)$ is $\gamma^k$ with $\gamma = 0.98$, on average, if action $a$ is taken in state $s$, the best ones after it,
and the pole falls, or the cart leaves its track, after $k$ more steps. It is between 0 and 1, so the outputs are
sigmoids, and the *greedy* policy takes the action whose output is the smallest. (Most texts have rewards, which are
negative costs, and the largest value.) An episode of training goes on until its end, be it beyond 200 steps: a pole
that stands after 200 steps can still be on its way out.

A value can be checked one step later. Where action $a$ in state $s$ led to state $s'$, it should be

```math
y = \gamma \, Q^-(s', a'), \qquad a' = \arg\min_b Q(s', b),
```

or 1 if the episode ended there. $Q^-$ is the *target network*, a copy that follows slowly: the network would else chase
a target that moves with each of its own steps. That $Q$ chooses the action and $Q^-$ says its value is double
Q-learning (van Hasselt, Guez and Silver, 2016): the smallest of several estimates is mostly one that is too small, and
this keeps such errors from being believed.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

N_STEPS = 200  # an episode's end, if the pole still stands
MAX_PLACE, MAX_ANGLE = 2.4, np.pi / 15  # metres from the middle, and 12 degrees: beyond, the episode has ended
GRAVITY, CART_MASS, POLE_MASS, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02


def starts(n: int, generator: np.random.Generator) -> np.ndarray:
    """Return n states near rest: place, speed, angle and angular speed, each drawn from -0.05 to 0.05."""
    return generator.uniform(-0.05, 0.05, size=(n, 4))


def push(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Return the states a fiftieth of a second later: action 1 pushes to the right, 0 to the left.

    The equations and constants are those of Barto, Sutton and Anderson (1983) without friction, with a step of Euler's
    method. Sine and cosine are the first terms of their series, right to 1e-8 before an episode ends: that gives the
    same bits on every computer, and learning amplifies the smallest difference.
    """
    place, speed, angle, turning = states.T
    square = angle * angle
    sine = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0))
    cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0))
    mass = CART_MASS + POLE_MASS
    pushed = (np.where(actions == 1, FORCE, -FORCE) + POLE_MASS * HALF_LENGTH * turning * turning * sine) / mass
    turn = GRAVITY * sine - cosine * pushed
    turn /= HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cosine * cosine / mass)
    drive = pushed - POLE_MASS * HALF_LENGTH * turn * cosine / mass
    moved = (place + SECONDS * speed, speed + SECONDS * drive, angle + SECONDS * turning, turning + SECONDS * turn)
    return np.stack(moved, axis=1)


def fallen(states: np.ndarray) -> np.ndarray:
    """Return where the cart has left its track or the pole leans too far."""
    return (np.abs(states[:, 0]) > MAX_PLACE) | (np.abs(states[:, 2]) > MAX_ANGLE)


def play(choose, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Play n episodes at the same time, and return what happened in each step of each.

    ``choose`` gets the states and returns the actions. The arrays are the states (steps, n, 4), the actions (steps, n),
    and whether the episode still went on (steps, n): what an ended one has in the first two means nothing, and the sum
    of the last over the steps is its length.
    """
    states, standing = starts(n, generator), np.ones(n, dtype=bool)
    happened = []
    while standing.any() and len(happened) < N_STEPS:
        actions = choose(states)
        happened.append((states, actions, standing))
        states = push(states, actions)
        standing = standing & ~fallen(states)
        states = np.where(standing[:, None], states, 0.0)
    all_states, all_actions, all_standing = (np.array(part) for part in zip(*happened, strict=True))
    return all_states, all_actions, all_standing


def lengths(choose, n: int, generator: np.random.Generator) -> np.ndarray:
    """Return how many steps each of n episodes lasts."""
    return play(choose, n, generator)[2].sum(axis=0)


# %%
# That was the cart-pole. Now the network that learns what its pushes are worth, and its slow copy.

N_CARTS, N_LOOPS, BATCH, DISCOUNT = 16, 4000, 128, 0.98

generator = np.random.default_rng(0)
scaling = fm.Standardize((0.0,) * 4, (1.0, 1.0, 0.1, 1.0))  # angles are small numbers
layers = [scaling, fm.Dense(64, "relu"), fm.Dense(64, "relu"), fm.Dense(2, "sigmoid")]
values = fm.Network(4, layers, seed=0)
target = values.copy()

# %%
# The *replay memory* keeps all that happened, and a step of training takes a random batch from it: neighbours in time
# are much alike, and would make a poor batch.

size = N_LOOPS * N_CARTS
memory = {
    "states": np.zeros((size, 4), dtype=np.float32),
    "actions": np.zeros(size, dtype=int),
    "next_states": np.zeros((size, 4), dtype=np.float32),
    "ended": np.zeros(size, dtype=bool),
}

# %%
# Only the value of the action that was taken can be checked. The loss is $\frac 1 2 (Q(s, a) - y)^2$, so its derivative
# by the outputs is the error at this action and 0 at the other. It depends on the outputs, so `step` gets a function of
# them. Derivatives are summed as they are given; to take the mean, the function divides by the size of the batch.
#
# Mnih and others clip the error to $[-1, 1]$, which makes the loss Huber's. Here it lies there by itself; where values
# are not bounded, `np.clip` around the difference is all it takes.

optimizer = fm.Adam(0.002)
rows = np.arange(BATCH)


def learn(states, actions, next_states, ended):
    """Make one step towards what the target network says."""
    best = values.forward(next_states).argmin(axis=1)
    wanted = np.where(ended, 1.0, DISCOUNT * target.forward(next_states)[rows, best])

    def derivative(outputs):
        d_outputs = np.zeros_like(outputs)
        d_outputs[rows, actions] = (outputs[rows, actions] - wanted) / BATCH
        return d_outputs

    values.step(states, derivative, optimizer=optimizer)
    target.soft_update(values, 0.02)  # 2 % of the way


# %%
# Some actions are drawn at random, all at first and one in twenty later on, so that other ways are tried.
#
# How well the greedy policy does goes up and down, since what is in the memory changes with the policy. So it is tested
# on the way, with the target network, which is the steadier of the two, and a copy of the best is kept.


def greedy(network):
    """Return the policy that takes the action of the smallest value."""
    return lambda states: network.forward(states).argmin(axis=1)


states = starts(N_CARTS, generator)
tested, best = [], target.copy()
for loop in range(N_LOOPS):
    at_random = generator.random(N_CARTS) < max(0.05, 1.0 - loop / 400)
    actions = np.where(at_random, generator.integers(0, 2, N_CARTS), greedy(values)(states))
    next_states = push(states, actions)
    ended = fallen(next_states)
    here = slice(loop * N_CARTS, (loop + 1) * N_CARTS)
    for name, new in zip(memory, (states, actions, next_states, ended), strict=True):
        memory[name][here] = new
    states = np.where(ended[:, None], starts(N_CARTS, generator), next_states)

    batch = generator.integers(0, here.stop, BATCH)
    learn(*(part[batch] for part in memory.values()))
    if (loop + 1) % 200 == 0:
        tested.append(lengths(greedy(target), 20, np.random.default_rng(1)).mean())
        if tested[-1] == max(tested):
            best = target.copy()

# %%
# The final test is on episodes that were not used to choose the best.

final = lengths(greedy(best), 100, np.random.default_rng(2))
chance = lengths(lambda states: generator.integers(0, 2, len(states)), 100, np.random.default_rng(2))
print("mean length after every 200 steps:", " ".join(f"{length:.0f}" for length in tested))
print(f"the best, in 100 new episodes: {final.mean():.1f} steps on average")
print(f"random pushes: {chance.mean():.1f} steps")
assert chance.mean() < 40
assert final.mean() >= 195

# %%
# The network has learned where it is dangerous: near 1 the fall cannot be helped any more, near 0 all is well.

angles, turnings = np.meshgrid(np.linspace(-12.0, 12.0, 60), np.linspace(-2.0, 2.0, 60))
grid = np.zeros((angles.size, 4))
grid[:, 2], grid[:, 3] = np.radians(angles.ravel()), turnings.ravel()
danger = best.forward(grid).min(axis=1).reshape(angles.shape)
upright = best.forward([[0.0, 0.0, 0.0, 0.0]]).min()
lost = best.forward([[0.0, 0.0, np.radians(11.0), 1.5]]).min()
print(f"upright and at rest {upright:.2f}, at 11 degrees and falling {lost:.2f}")
assert upright < 0.2
assert lost > 0.8

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
left.plot(200 * np.arange(1, len(tested) + 1), tested, ".-")
left.set(xlabel="step of training", ylabel="steps", ylim=(0, 210), title="Mean length of 20 greedy episodes")
shades = right.contourf(angles, turnings, danger, levels=np.linspace(0.0, 1.0, 11), cmap="Reds")
figure.colorbar(shades, ax=right)
right.set(xlabel="angle of the pole, degrees", ylabel="angular speed, 1/s")
right.set_title("Danger after the better push, cart at rest in the middle", fontsize=9.5)
figure.savefig("26_deep_q_learning.png")
