"""``fastmlp check``, ``verify`` and ``info``: are gradients right, is a training true, what is this build or model."""

from __future__ import annotations

import argparse
import json
from typing import Any

import fastmlp as fm
from fastmlp._checks.arrays import count
from fastmlp._checks.text import listed
from fastmlp._files import estimator_file
from fastmlp._files.kinds import kind_of
from fastmlp._files.opening import read_file
from fastmlp._model.summary import summary
from fastmlp._training import keeper
from fastmlp.cli._options import Commands, add_command, add_delimiter, positive
from fastmlp.cli._outputs import say
from fastmlp.cli._preparation import Preparation, split
from fastmlp.cli._tables import read_table


def add_commands(commands: Commands) -> None:
    """Add ``check``, ``verify`` and ``info``."""
    parser = add_command(
        commands,
        "check",
        check,
        "compare a model's gradients with central differences of its loss; exit status 1 if they differ",
        "fastmlp check flowers.safetensors flowers.csv",
    )
    parser.add_argument("model", metavar="MODEL", help="model file")
    parser.add_argument("data", metavar="DATA", help="CSV or NPZ with features and target, or - for standard input")
    parser.add_argument("--target", metavar="COLUMN", help="column of the target (the one of the training)")
    add_delimiter(parser)

    parser = add_command(
        commands,
        "verify",
        verify,
        "train again what a model's record tells of, and compare; exit status 1 if it is not proved",
        "fastmlp verify flowers.safetensors flowers.csv",
    )
    parser.add_argument("model", metavar="MODEL", help="model file, of fastmlp train --record or fit(..., record=True)")
    parser.add_argument(
        "data", metavar="DATA", nargs="+", help="CSV or NPZ of the training: one for all fits, or one for each"
    )
    parser.add_argument("--target", metavar="COLUMN", help="column of the target (the one of the training)")
    parser.add_argument(
        "--segments",
        type=positive,
        metavar="N",
        help="only so many of the segments between the states that the record keeps, drawn at random",
    )
    add_delimiter(parser)

    parser = add_command(
        commands,
        "info",
        info,
        "show this build and computer, or what a model file holds",
        "fastmlp info flowers.safetensors",
    )
    parser.add_argument("model", metavar="MODEL", nargs="?", help="model file")


def check(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp check``."""
    net = fm.load(arguments.model)
    report = net.check_gradients(*_data(net, arguments.data, arguments))
    say(str(report))
    return 0 if report.passed else 1


def _data(net: fm.Network, path: str, arguments: argparse.Namespace) -> tuple[Any, Any]:
    """Return X and y of a table for a network."""
    preparation = Preparation.of(net)
    table = read_table(
        path,
        target=preparation.target_name if arguments.target is None else arguments.target,
        features=preparation.feature_names,
        delimiter=arguments.delimiter,
    )
    return preparation.inputs(table, net), preparation.targets(table)


def verify(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp verify``."""
    net = fm.load(arguments.model)
    given = [_data(net, path, arguments) for path in arguments.data]
    share = net.metadata.get("validation")
    if Preparation.of(net).feature_names is not None and type(share) is float:
        # fastmlp train has drawn the rows
        given = [(X[rows], y[rows]) for X, y in given for rows in split(len(X), share, net.seed)[:1]]
    X, y = given[0] if len(given) == 1 else map(list, zip(*given, strict=True))
    found = fm.verify(net, X, y, segments=arguments.segments)
    say(f"{'proved' if found else 'not proved'}: {found.sentence}")
    for fit, first, last in found.segments or ():
        say(f"segment: epochs {first} to {last} of fit {fit}")
    return 0 if found else 1


def info(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp info``."""
    if arguments.model is None:
        fm.show_config()
        return 0
    kind = kind_of(arguments.model)
    if kind == "estimator":
        _tell_of_estimator(arguments.model)
        return 0
    net = fm.load(arguments.model)
    say(net.summary())
    if kind == "checkpoint":
        _tell_of_training(arguments.model)
    if net.record is not None:
        say(str(net.record))
    preparation = Preparation.of(net)
    if preparation.feature_names is not None:
        say(f"target:   {preparation.target_name!r}")
        say(f"features: {listed(preparation.feature_names)}")
    if preparation.classes is not None:
        say(f"classes:  {listed(preparation.classes)}")
    others = {key: value for key, value in net.metadata.items() if key != "preparation"}
    if others:
        say(f"metadata: {json.dumps(others)}")
    return 0


def _tell_of_training(path: str) -> None:
    """Say where the training of a checkpoint stands."""
    state = read_file(path, keeper.read).state
    made, total = state["place"][1], state["total"]
    end = ", ended" if state["is_over"] or made == total else ""
    say(f"training: step {made} of {total}, {count(state['n_epochs'], 'epoch')}{end}")


def _tell_of_estimator(path: str) -> None:
    """Say what an estimator in a file is, for which scikit-learn is not needed; no more is believed of it than text."""
    found = read_file(path, estimator_file.read)
    about = found.description
    say(f"{about.get('kind')} of {count(len(found.networks), 'network')}: read it with fastmlp.sklearn.load")
    say(summary(found.networks[0].model))
    for title, name in (("columns: ", "names"), ("settings:", "parameters")):
        if about.get(name) is not None:
            say(f"{title} {json.dumps(about[name])}")
