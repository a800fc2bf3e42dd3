"""Random small networks of everything that layers can be, for tests that hold for all of them."""

import fastmlp as fm

HIDDEN = ["tanh", "sigmoid", "softplus", "gelu", "silu", "elu", fm.activations.Formula("x * tanh(x)")]
LAST = ["identity", "softmax", "sigmoid", "tanh"]


def random_network(random, dtype="float64", *, dropout=False):
    """Return a network of smooth layers, whose derivatives exist everywhere but at ties of Maxout."""
    n_inputs = int(random.integers(1, 6))
    layers = [fm.Standardize(random.normal(size=n_inputs), random.uniform(0.5, 2.0, n_inputs))] * bool(
        random.integers(2)
    )
    for _ in range(int(random.integers(0, 3))):
        units = int(random.integers(1, 8))
        if random.integers(4) == 0:
            layers.append(fm.Maxout(units, pieces=2))
        else:
            layers.append(fm.Dense(units, HIDDEN[random.integers(len(HIDDEN))]))
        if random.integers(4) == 0 and units > 1:
            layers.append(fm.LayerNorm())
        if dropout:
            layers.append(fm.Dropout(0.3))
    last = LAST[random.integers(len(LAST))]
    layers.append(fm.Dense(int(random.integers(2, 5)), last))
    penalties = {"l1": 0.01, "l2": 0.1} if random.integers(2) else {}
    net = fm.Network(n_inputs, layers, dtype=dtype, seed=int(random.integers(100)), **penalties)
    net.set_parameters(random.uniform(-1.0, 1.0, net.n_parameters))
    return net, layers, penalties
