r"""A pole learns to stand by trial and error.

Nobody tells the network which push was right; it tries, and what came before a long episode becomes more likely. That
is REINFORCE (Williams, 1992), and its gradient is the one of classification, weighted.

A pole is hinged on a cart (Barto, Sutton and Anderson, 1983). Fifty times a second the cart gets a push to the left or
to the right. The episode ends when the pole leans by more than 12 degrees, when the cart is more than 2.4 metres off
the middle, or after 200 steps. The state has four numbers: place and speed of the cart, angle and angular speed of the
pole, and many such carts are moved at once.

The network gives the probabilities of the two pushes, and they are drawn by it: a *policy*.
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
# The network has a hidden layer of 32 units. Before it has learned anything, its pushes are as good as coins.

generator = np.random.default_rng(0)
policy = fm.Network(4, [fm.Dense(32, "tanh"), fm.Dense(2, "softmax")], seed=0)


def drawn(states):
    """Return actions drawn with the policy's probabilities."""
    return (generator.random(len(states)) < policy.forward(states)[:, 1]).astype(int)


untrained = lengths(drawn, 20, generator)
print(f"untrained: {untrained.mean():.0f} steps on average, {untrained.max()} at most")
assert untrained.mean() < 40

# %%
# Each step in which the pole still stands earns 1. The *return* $G_t$ of a step adds up what is earned from there on,
# with later steps counting less:
#
# ```math
# G_t = r_t + \gamma \, r_{t+1} + \gamma^2 \, r_{t+2} + \dots, \qquad \gamma = 0.99.
# ```
#
# Whether it is good can only be said by comparison. The *advantage* $A_t$ is the return less the mean return of all
# episodes that were still going on at step $t$; divided by its usual size, so that the length of the network's steps
# does not depend on that of the episodes.


def advantages(standing):
    """Return how much better than the mean each step turned out, (steps, episodes)."""
    returns = np.zeros(standing.shape)
    following = np.zeros(standing.shape[1])
    for step in reversed(range(len(standing))):
        following = standing[step] + 0.99 * following
        returns[step] = following
    better = returns - returns.sum(axis=1, keepdims=True) / standing.sum(axis=1, keepdims=True)
    return better / (better[standing].std() + 1e-8)


# %%
# An action that did better than the mean shall become more likely. The loss is the cross-entropy of the actions that
# were drawn, weighted by their advantages, $L = -\frac 1 n \sum_i A_i \ln p_i(a_i)$. For softmax its derivative by the
# pre-activations is the one of [softmax and cross-entropy](08_softmax.md), times the advantage:
#
# ```math
# \frac{\partial L}{\partial z_i} = \frac{A_i}{n} \left( p_i - e_{a_i} \right).
# ```
#
# Weights of samples would not do, since an advantage may be negative. So the derivative is given by hand: `step` takes
# it, here as a function of the probabilities, and `at="pre_activations"` says that it is the derivative by $z$. The
# derivative by the outputs, $-A_i / (n \, p_i(a_i))$ at the action that was drawn and 0 at the other, gives the same
# gradient, but divides by what may be nearly 0.


def derivative(actions, advantage):
    """Return the function that makes the derivative by the pre-activations from the probabilities."""
    weights = advantage[:, None] / len(advantage)
    return lambda probabilities: weights * (probabilities - np.eye(2)[actions])


def by_outputs(actions, advantage):
    """Return the function that makes the derivative by the probabilities from them."""
    weights = advantage[:, None] / len(advantage)
    return lambda probabilities: -weights * np.eye(2)[actions] / probabilities


states, actions, standing = play(drawn, 40, generator)
batch = actions[standing], advantages(standing)[standing]
one = policy.backward(states[standing], derivative(*batch), at="pre_activations").ravel()
other = policy.backward(states[standing], by_outputs(*batch)).ravel()
print(f"largest element of the gradient {np.abs(one).max():.3f}, largest difference {np.abs(one - other).max():.0e}")
assert np.abs(one - other).max() < 1e-4 * np.abs(one).max()

# %%
# Training: play 40 episodes with the policy as it is, make one step with all that happened in them, throw them away.
# To test, the more probable push is taken, and nothing is drawn.

optimizer = fm.Adam(0.02)
history = []
for _ in range(40):
    states, actions, standing = play(drawn, 40, generator)
    history.append(standing.sum(axis=0))
    given = derivative(actions[standing], advantages(standing)[standing])
    policy.step(states[standing], given, optimizer=optimizer, at="pre_activations")


def greedy(states):
    """Return the more probable actions."""
    return policy.forward(states).argmax(axis=1)


tested = lengths(greedy, 20, np.random.default_rng(1))
history = np.array(history)
print("mean length before updates 1, 11, 21, ...:", " ".join(f"{length:.0f}" for length in history[::10].mean(axis=1)))
print(f"20 test episodes: the shortest has {tested.min()} steps")
assert tested.min() == 200
assert history[-5:].mean() > 190

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
updates = np.arange(1, 41)
left.fill_between(updates, history.min(axis=1), history.max(axis=1), color="#c9d8e8", label="shortest to longest")
left.plot(updates, history.mean(axis=1), label="mean")
left.set(xlabel="update", ylabel="steps", ylim=(0, 210), title="Length of 40 episodes, actions drawn")
left.legend(loc="lower right")
angles, turnings = np.meshgrid(np.linspace(-12.0, 12.0, 60), np.linspace(-2.0, 2.0, 60))
grid = np.zeros((angles.size, 4))
grid[:, 2], grid[:, 3] = np.radians(angles.ravel()), turnings.ravel()
chances = policy.forward(grid)[:, 1].reshape(angles.shape)
shades = right.contourf(angles, turnings, chances, levels=np.linspace(0.0, 1.0, 11), cmap="viridis")
figure.colorbar(shades, ax=right)
right.set(xlabel="angle of the pole, degrees", ylabel="angular speed, 1/s")
right.set_title("Probability of a push to the right, cart at rest in the middle", fontsize=9.5)
figure.savefig("25_cart_pole.png")

# %%
# The policy pushes to where the pole falls, as one does with a broomstick on a hand. It found this from lengths alone.

falling_left, falling_right = policy.forward([[0.0, 0.0, 0.0, -1.0], [0.0, 0.0, 0.0, 1.0]])[:, 1]
print(f"chance of a push to the right: {falling_right:.2f} if the pole falls there, else {falling_left:.2f}")
assert falling_left < 0.1
assert falling_right > 0.9
