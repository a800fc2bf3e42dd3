"""The cart-pole of the gallery's pages: a pole stands on a cart, which pushes from the left or right keep under it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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


def play(
    choose: Callable[[np.ndarray], np.ndarray], n: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def lengths(choose: Callable[[np.ndarray], np.ndarray], n: int, generator: np.random.Generator) -> np.ndarray:
    """Return how many steps each of n episodes lasts."""
    return play(choose, n, generator)[2].sum(axis=0)
