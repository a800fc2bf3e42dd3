"""``python -m bench.tables FOLDER``: estimators for tables beside others, on the CSV files of a folder.

Each seed splits a table anew (80 % to learn from). What is printed is the RMSE, or of classes accuracy, log-loss and
AUC, each with the standard error of its difference to the first model, seed by seed, and the CPU seconds of a fit.
``--plans 1,2,4,8,12`` adds the preset "best" with so many settings: the curve of its scores over seconds.
Models that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split


class Task(NamedTuple):
    """What of a table is to be foretold: a column, perhaps as its logarithm or as whether it is above a number."""

    target: str
    without: tuple[str, ...] = ()
    takes_log: bool = False
    above: float | None = None


# what is asked of tables with these names; of others it is the last column
TASKS = {
    "california": Task("median_house_value"),
    "diamonds": Task("price", takes_log=True),
    "CPSSW8": Task("earnings", takes_log=True),
    "nycflights": Task("arr_delay", ("dep_delay", "dep_time", "arr_time", "air_time", "tailnum", "flight"), above=15.0),
    "lending_club": Task("Class"),
    "wa_churn": Task("churn"),
}
ROW_NUMBER = "rownames"
# with fewer different numbers a target is one of classes
FEW = 10


def read(path: Path) -> tuple[Any, Any, bool]:
    """Return a table, its targets, and whether they are classes."""
    frame = pd.read_csv(path)
    task = TASKS.get(path.name.split(".")[0], Task(str(frame.columns[-1])))
    frame = frame.dropna(subset=[task.target])
    y = frame[task.target].to_numpy()
    X = frame.drop(columns=[name for name in (task.target, ROW_NUMBER, *task.without) if name in frame])
    if task.above is not None:
        y = (y > task.above).astype(int)
    if task.takes_log:
        y = np.log(y)
    return X, y, y.dtype.kind not in "iuf" or len(np.unique(y)) < FEW


def _tabular(classes: bool, seed: int, **settings: Any) -> Any:
    module = importlib.import_module("fastmlp.sklearn")
    return (module.TabularClassifier if classes else module.TabularRegressor)(random_state=seed, **settings)


def _lightgbm(classes: bool, seed: int) -> Any:
    module = importlib.import_module("lightgbm")
    return (module.LGBMClassifier if classes else module.LGBMRegressor)(random_state=seed, n_jobs=1, verbose=-1)


def _realmlp(classes: bool, seed: int) -> Any:
    module = importlib.import_module("pytabkit")
    kind = module.RealMLP_TD_S_Classifier if classes else module.RealMLP_TD_S_Regressor
    return kind(random_state=seed, device="cpu")


MODELS: dict[str, Callable[[bool, int], Any]] = {"tables": _tabular, "lightgbm": _lightgbm, "realmlp": _realmlp}


def with_categories(part: Any, whole: Any) -> Any:
    """Return rows whose text is of the categories of the whole table, as LightGBM takes it."""
    part = part.copy()
    for name in whole:
        if whole[name].dtype.kind not in "biuf":
            known = sorted(whole[name].dropna().astype(str).unique())
            part[name] = pd.Categorical(part[name].astype(str).where(part[name].notna()), categories=known)
    return part


def measured(model: Any, parts: list[Any], *, classes: bool) -> dict[str, float]:
    """Return scores of a fit, and its CPU seconds."""
    X, X_test, y, y_test = parts
    began = time.process_time()
    model.fit(X, y)
    found = {"seconds": time.process_time() - began}
    if not classes:
        return {"rmse": float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)))} | found
    probabilities = model.predict_proba(X_test)
    scores = {
        "accuracy": float(np.mean(model.classes_[probabilities.argmax(axis=1)] == y_test)),
        "log-loss": float(log_loss(y_test, probabilities, labels=model.classes_)),
    }
    if len(model.classes_) == 2:
        scores["AUC"] = float(roc_auc_score(y_test, probabilities[:, 1]))
    return scores | found


def compare(path: Path, models: dict[str, Callable[[bool, int], Any]], seeds: int) -> None:
    """Print a row for each model on a table."""
    X, y, classes = read(path)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in models}
    for seed in range(seeds):
        parts = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y if classes else None)
        for name, make in models.items():
            own = [with_categories(part, X) for part in parts[:2]] + parts[2:] if name == "lightgbm" else parts
            found[name].append(measured(make(classes, seed), own, classes=classes))
    first = next(iter(found.values()))
    for name, rows in found.items():
        print(f"{path.name.split('.')[0]:<16}{name:<12}" + "".join(_columns(rows, first)), flush=True)


def _columns(rows: list[dict[str, float]], first: list[dict[str, float]]) -> Iterable[str]:
    for measure in rows[0]:
        values, others = (np.array([row[measure] for row in own]) for own in (rows, first))
        error = (values - others).std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        shown = f"{values.mean():.1f}" if measure == "seconds" else f"{values.mean():.4f} +- {error:.4f}"
        yield f"  {measure} {shown}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", help="names, separated by commas (default: all)")
    parser.add_argument("--models", default=",".join(MODELS), help="the first is what the others are compared with")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--plans", help="of the preset 'best', separated by commas: the curve of scores over seconds")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    models = {}
    for name in arguments.models.split(","):
        try:
            MODELS[name](True, 0)
            models[name] = MODELS[name]
        except ImportError as error:
            print(f"{name} is left out: {error}")
    for plan in (arguments.plans or "").split(","):
        if plan:
            models[f"best, {plan}"] = lambda classes, seed, plan=int(plan): _tabular(
                classes, seed, preset="best", plan=plan
            )
    for path in sorted(arguments.folder.glob("*.csv*")):
        if arguments.tables is None or path.name.split(".")[0] in arguments.tables.split(","):
            compare(path, models, arguments.seeds)


if __name__ == "__main__":
    main()
