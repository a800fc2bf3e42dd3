"""``python -m bench.scores``: how good models are, not how fast: test scores of estimators over seeds and data sets.

Each seed splits a data set anew (75 % to learn from) and seeds the model. Scores are accuracy or R^2; beside each mean
stands its standard error, and beside the difference to scikit-learn's that of the differences, seed by seed. A model is
said to be behind where its mean is lower by more than that. Models that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Data = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def _bundled(load: Callable[..., Any]) -> Callable[[int], Data]:
    return lambda seed: load(return_X_y=True)


def _made(make: Callable[..., Any], **settings: Any) -> Callable[[int], Data]:
    return lambda seed: make(random_state=seed, **settings)


CLASSES: dict[str, Callable[[int], Data]] = {
    "iris": _bundled(datasets.load_iris),
    "wine": _bundled(datasets.load_wine),
    "breast cancer": _bundled(datasets.load_breast_cancer),
    "digits": _bundled(datasets.load_digits),
    "classification": _made(datasets.make_classification, n_samples=1000, n_features=20, n_informative=8, n_classes=3),
    "moons": _made(datasets.make_moons, n_samples=600, noise=0.25),
}
VALUES: dict[str, Callable[[int], Data]] = {
    "diabetes": _bundled(datasets.load_diabetes),
    "friedman1": _made(datasets.make_friedman1, n_samples=800, noise=1.0),
    "friedman2": _made(datasets.make_friedman2, n_samples=800, noise=50.0),
    "regression": _made(datasets.make_regression, n_samples=600, n_features=15, n_informative=8, noise=10.0),
}


def _mlp(module: str, kind: str, **settings: Any) -> Any:
    return make_pipeline(StandardScaler(), getattr(importlib.import_module(module), kind)(**settings))


def _plain(module: str, kind: str, **settings: Any) -> Any:
    return getattr(importlib.import_module(module), kind)(**settings)


MODELS: dict[str, Callable[[bool, int], Any]] = {
    "scikit-learn": lambda classes, seed: _mlp(
        "sklearn.neural_network", "MLPClassifier" if classes else "MLPRegressor", random_state=seed
    ),
    "fastmlp": lambda classes, seed: _mlp(
        "fastmlp.sklearn", "MLPClassifier" if classes else "MLPRegressor", random_state=seed
    ),
    "tabular": lambda classes, seed: _plain(
        "fastmlp.sklearn", "TabularClassifier" if classes else "TabularRegressor", random_state=seed
    ),
    "realmlp": lambda classes, seed: _plain(
        "pytabkit", "RealMLP_TD_S_Classifier" if classes else "RealMLP_TD_S_Regressor", random_state=seed, device="cpu"
    ),
}


def measure(name: str, data: Callable[[int], Data], classes: bool, models: list[str], seeds: int) -> None:
    """Print a row for each model."""
    scores: dict[str, list[float]] = {model: [] for model in models}
    seconds: dict[str, list[float]] = {model: [] for model in models}
    for seed in range(seeds):
        X, y = data(seed)
        parts = train_test_split(X, y, random_state=seed, stratify=y if classes else None)
        X_train, X_test, y_train, y_test = parts
        for model in models:
            estimator = MODELS[model](classes, seed)
            start = time.perf_counter()
            estimator.fit(X_train, y_train)
            seconds[model].append(time.perf_counter() - start)
            scores[model].append(estimator.score(X_test, y_test))
    first = np.array(scores[models[0]])
    for model in models:
        own = np.array(scores[model])
        difference = own - first
        error = difference.std(ddof=1) / np.sqrt(seeds)
        verdict = "behind" if difference.mean() < -error else "ahead" if difference.mean() > error else ""
        print(
            f"{name:<16}{model:<14}{own.mean():>9.4f}{own.std(ddof=1) / np.sqrt(seeds):>8.4f}"
            f"{difference.mean():>+9.4f}{error:>8.4f}{np.median(seconds[model]):>9.2f}  {verdict}",
            flush=True,
        )


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.scores", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--models",
        default=",".join(MODELS),
        help=f"of {', '.join(MODELS)} (default: all); the first is what the others are compared with",
    )
    parser.add_argument("--sets", help="names of data sets, separated by commas (default: all)")
    parser.add_argument("--seeds", type=int, default=10, help="default: 10")
    parser.add_argument("--mnist", type=Path, help="folder with the four IDX files of MNIST, to add its first 10 000")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    sets = {**{name: (data, True) for name, data in CLASSES.items()}, **{n: (d, False) for n, d in VALUES.items()}}
    if arguments.mnist:
        from fastmlp.datasets import load_mnist

        X, y, _, _ = load_mnist(arguments.mnist)
        images = X[:10_000].reshape(10_000, -1).astype(np.float32) / 255
        sets["mnist"] = (lambda seed: (images, y[:10_000]), True)
    models = []
    for model in arguments.models.split(","):
        try:
            MODELS[model](True, 0)
            models.append(model)
        except (ImportError, AttributeError) as error:
            print(f"{model} is left out: {error}")
    header = f"{'data':<16}{'model':<14}{'score':>9}{'error':>8}{'vs first':>9}{'error':>8}{'seconds':>9}"
    print(header, "-" * len(header), sep="\n")
    for name, (data, classes) in sets.items():
        if arguments.sets is None or name in arguments.sets.split(","):
            measure(name, data, classes, models, arguments.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
