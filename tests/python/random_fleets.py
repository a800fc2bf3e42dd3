"""Random fleets of everything that a fit may be told, and whether each member has the bits of its own fit."""

import pickle
import warnings

import numpy as np

import fastmlp as fm
from fastmlp.network import model_of

OPTIMIZERS = [
    "adam",
    fm.SGD(0.05, momentum=0.9),
    fm.SGD(0.1, clip_norm=0.5),
    fm.AdamW(0.01),
    fm.RMSProp(0.003),
    fm.Adagrad(0.05),
    fm.Adam(fm.schedules.Cosine(0.02)),
    fm.Adam(fm.schedules.ReduceOnPlateau(0.05, patience=1)),
    fm.SGD(1e25),  # diverges
]
SCALINGS = [fm.Standardize(), fm.Rescale(), fm.RobustScale()]


def _data(random, classes):
    rows, columns = int(random.integers(12, 150)), int(random.integers(1, 7))
    X = random.normal(3, 10, (rows, columns))
    kind = random.integers(4)
    X = X.astype(np.float32) if kind == 0 else X.clip(0, 255).astype(np.uint8) if kind == 1 else X
    if classes:
        # of every class some among any few rows in a row, with names where they are text
        y = np.arange(rows) % 3
        return X, np.array(["red", "green", "blue"])[y] if random.integers(2) else y
    return X, 50 + X[:, : int(random.integers(1, 3))] * random.normal(1, 2)


def _network(random, X, y, seed):
    layers = [SCALINGS[random.integers(3)]] * bool(random.integers(2))
    for _ in range(int(random.integers(0, 3))):
        layers.append(fm.Dense(int(random.integers(1, 20)), ["tanh", "relu", "gelu"][random.integers(3)]))
        layers += [fm.LayerNorm()] * int(random.integers(5) == 0) + [fm.Dropout(0.3)] * int(random.integers(4) == 0)
    dtype = ["float32", "float64"][random.integers(2)]
    if y.ndim == 1:
        loss = [None, fm.losses.CrossEntropy(class_weight="balanced")][random.integers(2)]
        return fm.Network(X.shape[1], [*layers, fm.Dense(3, "softmax")], loss=loss, dtype=dtype, seed=seed, l2=0.01)
    loss = ["mse", fm.losses.Huber(0.5)][random.integers(2)]
    scaled = bool(random.integers(4))
    return fm.Network(
        X.shape[1], [*layers, fm.Dense(y.shape[1])], loss=loss, dtype=dtype, seed=seed, scale_targets=scaled
    )


def _rows(random, n):
    kind = random.integers(5)
    if kind == 0:
        return None
    if kind == 1:
        return slice(int(random.integers(n // 3)), None, int(random.integers(1, 3)))
    if kind == 2:
        return np.arange(n) % 4 != random.integers(4)
    # of every class one
    return np.append(random.integers(-n, n, int(random.integers(n // 2, 2 * n))), [0, 1, 2])


def ends_after_five(net, epoch):
    """Be a callback that other processes can be given."""
    return epoch["epoch"] == 5


def _settings(random, rows):
    settings = {
        "epochs": int(random.integers(1, 8)),
        "batch_size": [None, 1, 7, 32][random.integers(4)],
        "optimizer": OPTIMIZERS[random.integers(len(OPTIMIZERS))],
        "shuffle": bool(random.integers(4)),
    }
    if random.integers(3) == 0:
        settings["sample_weight"] = random.uniform(0.1, 2, rows)
    if random.integers(3) == 0:
        settings["validation_fraction"] = 0.3
    monitor = "validation_loss" if "validation_fraction" in settings else "loss"
    callbacks = [fm.EarlyStopping(patience=1, monitor=monitor), ends_after_five]
    settings["callbacks"] = callbacks[: random.integers(3)]
    return settings


def random_fleet(seed, most=9):
    """Return what ``fit_many`` takes: networks, X, y, and by keyword rows, validation rows and settings."""
    random = np.random.default_rng(seed)
    X, y = _data(random, classes=bool(random.integers(2)))
    count = int(random.integers(1, most))
    rows = [_rows(random, len(X)) for _ in range(count)]
    taken = [X if some is None else X[some] for some in rows]
    settings = [_settings(random, len(some)) for some in taken]
    validation = [
        _rows(random, len(X)) if random.integers(3) == 0 and "validation_fraction" not in own else None
        for own in settings
    ]
    networks = [_network(random, X, y, int(random.integers(10))) for _ in range(count)]
    given = {"rows": rows, "validation_rows": validation, "settings": settings}
    return networks, X, y, given


def fit_one_by_one(networks, X, y, rows, validation_rows, settings):
    """Do the same by the fit of each network; a history that diverged is the error alone."""
    histories = []
    for net, some, aside, own in zip(networks, rows, validation_rows, settings, strict=True):
        more = {} if aside is None else {"validation_data": (X[aside], y[aside])}
        taken = (X, y) if some is None else (X[some], y[some])
        try:
            histories.append(net.fit(*taken, **own, **more))
        except FloatingPointError as error:
            histories.append(error)
    return histories


def bits(net):
    """Return everything that a training leaves in a network."""
    model = model_of(net)
    state = model.core.optimizer_state()
    slots = None if state is None else (state[0], state[1], [slot.tobytes() for slot in state[2]])
    scaling = repr(model.scaling), repr(model.target_scaling)
    return net.get_parameters().tobytes(), slots, scaling, net.classes, model.epochs_trained


def columns(history):
    """Return what a history says but for the seconds, as text, in which NaN equals itself."""
    return repr({name: values for name, values in history.items() if name not in ("seconds", "samples_per_second")})


def differences(seed, threads, executor=None):
    """Return in what a fleet differs from its members' own fits: nothing, if all is well."""
    networks, X, y, given = random_fleet(seed)
    alone = pickle.loads(pickle.dumps(networks))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of targets that are far, of classes that are not there
        before = X.copy()
        with fm.num_threads(threads):
            together = fm.fit_many(networks, X, y, progress=False, executor=executor, **given)
        expected = fit_one_by_one(alone, X, y, **given)
    found = [] if np.array_equal(X, before) else ["X was written"]
    for index, (net, other, history, own) in enumerate(zip(networks, alone, together, expected, strict=True)):
        if bits(net) != bits(other):
            found.append(f"fleet {seed}, {threads} threads: networks[{index}]")
        if isinstance(own, FloatingPointError):
            if str(history.error) != str(own):
                found.append(f"fleet {seed}, {threads} threads: error of {index}: {history.error} for {own}")
        elif history.error is not None or columns(history) != columns(own):
            found.append(f"fleet {seed}, {threads} threads: histories[{index}]")
    return found


if __name__ == "__main__":
    import argparse

    from fastmlp._core import _testing

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    _testing.ignore_available_processors(True)
    wrong, ran = [], []
    for target in fm.available_targets():
        _testing.choose_target(target)
        for seed in range(options.seed, options.seed + options.count):
            for threads in (1, 2, 4):
                with fm.num_threads(threads):
                    ran.append(fm.get_num_threads())
                wrong += differences(seed, threads)
    print(*wrong, sep="\n")
    print(
        f"{options.count} fleets on {fm.available_targets()} and {sorted(set(ran))} threads: {len(wrong)} differences"
    )
    raise SystemExit(bool(wrong))
