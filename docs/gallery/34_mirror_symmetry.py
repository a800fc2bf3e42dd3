r"""Two hidden units see a mirror symmetry.

A result of the paper that made backpropagation known (Rumelhart, Hinton and Williams, 1986), found again: whether six
inputs are symmetric about their middle, with two hidden units.

The network sees all 64 patterns of six zeros and ones; eight of them are symmetric. The paper's solution is elegant: in
each hidden unit the weights of mirror images are equal and opposite, so that a symmetric pattern leaves the unit at its
bias, off; and the three pairs weigh 1 : 2 : 4, so that no pattern but a symmetric one adds up to nothing. The second
unit has the signs the other way round, and sees what the first one misses.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

X = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
y = (X[:, ::-1] == X).all(axis=1).astype(float)
print(f"{len(X)} patterns, {int(y.sum())} symmetric")
assert (len(X), y.sum()) == (64, 8)

# %%
# As in the paper, weights are drawn from -0.3 to 0.3, and a step follows the sum over all patterns, with a rate of 0.1
# and a momentum of 0.9 (the loss here is a mean of 64: the rate becomes 6.4). The paper needed 1425 sweeps. It depends
# on the weights at the start: of 40 seeds, 34 learn it within 12000 sweeps, half of all within 2400, and 6 do not. Nor
# is the ratio the only one that works: 30 end with 1 : 2 : 4, and 4 with 2 : 3 : 4.


def learn(seed, sweeps=6000):
    """Return the network, and after how many sweeps every answer was right."""
    net = fm.Network(6, [fm.Dense(2, "sigmoid"), fm.Dense(1, "sigmoid")], loss="half_squared_error", dtype="float64")
    net.set_parameters(np.random.default_rng(seed).uniform(-0.3, 0.3, net.n_parameters))
    optimizer = fm.SGD(6.4, momentum=0.9)
    done = None
    for sweep in range(0, sweeps, 100):
        net.fit(X, y, epochs=100, batch_size=None, optimizer=optimizer)
        if done is None and (np.abs(net.forward(X)[:, 0] - y) < 0.5).all():
            done = sweep + 100
    return net, done


def ratios(net):
    """Return the sizes of each unit's weights by pairs, in order, the smallest as 1."""
    sizes = np.sort(np.abs(net.layers[0].weights[:3]), axis=0)
    return sizes / sizes[0]


net, done = learn(10)
weights = net.layers[0].weights
print(f"all right after {done} sweeps")
print("weights of the hidden units:")
print(weights.T.round(1))
print("mirror images add up to at most", np.abs(weights + weights[::-1]).max().round(3))
print("ratios of the pairs:", ratios(net).T.round(2).tolist())
assert (np.abs(net.forward(X)[:, 0] - y) < 0.5).all()
assert np.abs(weights + weights[::-1]).max() < 0.05 * np.abs(weights).max()
assert np.abs(ratios(net) - [[1], [2], [4]]).max() < 0.35

figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), width_ratios=[1.2, 1])
places = np.arange(6)
for unit, shift in ((0, -0.2), (1, 0.2)):
    left.bar(places + shift, weights[:, unit], 0.38, label=f"unit {unit + 1}")
left.axhline(0.0, color="#26282b", linewidth=1)
left.axvline(2.5, color="#26282b", linewidth=1, linestyle=":")
left.set(
    xticks=places, xticklabels=places + 1, xlabel="input", ylabel="weight", title="Weights mirrored with other signs"
)
left.legend()
hidden = net.activations(X)[0]
for label, marker, color in ((0, "o", "#0072B2"), (1, "s", "#E69F00")):
    name = "symmetric" if label else "not symmetric"
    right.plot(*hidden[y == label].T, marker, color=color, markersize=6, alpha=0.6, label=name)
right.set(xlabel="unit 1", ylabel="unit 2", title="Symmetric patterns leave both off", xlim=(-0.05, 1.05))
right.legend(loc="upper right")
figure.savefig("34_mirror_symmetry.png")
