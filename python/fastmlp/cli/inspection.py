"""``fastmlp check`` and ``fastmlp info``: are the gradients right, and what is this build or this model."""

from __future__ import annotations

import argparse
import json

import fastmlp as fm
from fastmlp._checks.arrays import count
from fastmlp._checks.text import listed
from fastmlp._files import estimator_file
from fastmlp._files.kinds import kind_of
from fastmlp._files.opening import read_file
from fastmlp._model.summary import summary
from fastmlp._training import keeper
from fastmlp.cli._options import Commands, add_command, add_delimiter
from fastmlp.cli._outputs import say
from fastmlp.cli._preparation import Preparation
from fastmlp.cli._tables import read_table


def add_commands(commands: Commands) -> None:
    """Add ``check`` and ``info``."""
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
        "info",
        info,
        "show this build and computer, or what a model file holds",
        "fastmlp info flowers.safetensors",
    )
    parser.add_argument("model", metavar="MODEL", nargs="?", help="model file")


def check(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp check``."""
    net = fm.load(arguments.model)
    preparation = Preparation.of(net)
    table = read_table(
        arguments.data,
        target=preparation.target_name if arguments.target is None else arguments.target,
        features=preparation.feature_names,
        delimiter=arguments.delimiter,
    )
    report = net.check_gradients(preparation.inputs(table, net), preparation.targets(table))
    say(str(report))
    return 0 if report.passed else 1


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
