"""``fastmlp train`` and ``fastmlp predict``: from a table to a model file, and from both to predictions.

Reading tables is in _tables.py, what their columns mean to a network in _preparation.py.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys

import fastmlp as fm
from fastmlp._checks.arrays import count
from fastmlp._checks.text import listed
from fastmlp._files.atomic import write_atomically
from fastmlp._training.checkpoint import CHECKPOINT_SUFFIX, told
from fastmlp.cli._cells import quoted
from fastmlp.cli._options import (
    HIDDEN_ACTIVATIONS,
    Commands,
    activation,
    add_command,
    add_delimiter,
    epochs_of_record,
    fraction,
    natural,
    positive,
    widths,
)
from fastmlp.cli._outputs import check_output, say
from fastmlp.cli._preparation import Preparation, split
from fastmlp.cli._sources import name_of
from fastmlp.cli._tables import read_table
from fastmlp.optimizers import OPTIMIZERS, StepOptimizer

# options of train by which a checkpoint says that it is of another training
TOLD = (
    "target", "task", "validation", "seed", "hidden", "activation", "optimizer", "learning_rate", "batch_size", "l2",
    "dtype", "record",
)  # fmt: skip


def add_commands(commands: Commands) -> None:
    """Add ``train`` and ``predict``."""
    parser = add_command(
        commands,
        "train",
        train,
        "train a network on a table and write it to a model file",
        "fastmlp train flowers.csv --target kind --hidden 64,64 --out flowers.safetensors",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        help="CSV with a header line and numeric columns, or NPZ with X and y; - is standard input",
    )
    parser.add_argument("--target", metavar="COLUMN", help="column to learn (CSV), or array of the targets (NPZ: y)")
    add_delimiter(parser)
    parser.add_argument("--out", metavar="MODEL", default="model.safetensors", help="model file (%(default)s)")
    parser.add_argument(
        "--task",
        choices=["classification", "regression"],
        help="what the target means; without it, text, codes such as 007 and few different whole numbers are classes",
    )
    parser.add_argument("--hidden", type=widths, default=[64, 64], metavar="N,N", help="hidden units (64,64); or none")
    parser.add_argument(
        "--activation",
        type=activation,
        default="relu",
        metavar="NAME",
        help=f"of the hidden layers: {', '.join(HIDDEN_ACTIVATIONS)}, or a formula in x (%(default)s)",
    )
    parser.add_argument("--epochs", type=positive, default=50, metavar="N", help="(%(default)s)")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="(%(default)s)")
    in_batches = {
        name: kind
        for name, kind in OPTIMIZERS.items()
        if issubclass(kind, StepOptimizer) and not kind.needs_all_samples
    }
    parser.add_argument("--optimizer", choices=in_batches, default="adam", help="(%(default)s)")
    defaults = ", ".join(f"{name} {kind.learning_rate}" for name, kind in in_batches.items())
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help=f"({defaults})")
    parser.add_argument("--l2", type=float, default=0.0, metavar="PENALTY", help="penalty of the weights (%(default)s)")
    parser.add_argument("--validation", type=fraction, default=0.0, metavar="FRACTION", help="rows kept out (0)")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32", help="(%(default)s)")
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="write the training to this file every half a minute, and go on from it where it is there",
    )
    parser.add_argument(
        "--record",
        type=epochs_of_record,
        nargs="?",
        const=True,
        default=False,
        metavar="EPOCHS",
        help="keep in the model what fastmlp verify needs; with a number also states after every so many epochs, so "
        "that parts can be verified",
    )
    parser.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="of weights, order and split (%(default)s)"
    )

    parser = add_command(
        commands,
        "predict",
        predict,
        "predict the target of each row of a table",
        "fastmlp predict flowers.safetensors new.csv --proba --out predictions.csv",
    )
    parser.add_argument("model", metavar="MODEL", help="model file")
    parser.add_argument(
        "data", metavar="DATA", help="CSV with the columns of the training, or NPZ with X; - is standard input"
    )
    add_delimiter(parser)
    parser.add_argument("--out", metavar="FILE", help="CSV file to write; without it, the standard output")
    parser.add_argument("--proba", action="store_true", help="add a column with the probability of each class")


def train(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp train``."""
    check_output(arguments.out, "a model", ".safetensors", arguments.data)
    checkpoint = None
    if arguments.checkpoint is not None:
        check_output(arguments.checkpoint, "a checkpoint", CHECKPOINT_SUFFIX, arguments.data, option="--checkpoint")
        options = {f"--{name.replace('_', '-')}": str(vars(arguments)[name]) for name in TOLD}
        checkpoint = told(fm.Checkpoint(arguments.checkpoint), options)
    table = read_table(arguments.data, target=arguments.target, delimiter=arguments.delimiter)
    rest, valid = split(len(table.features), arguments.validation, arguments.seed)
    preparation = Preparation.learn(table, arguments.task)
    y = preparation.targets(table)
    target_name = quoted(table.target_name or "")
    if preparation.classes is None:
        last, what = fm.Dense(1), f"regression of {target_name}"
    else:
        last = fm.Dense(len(preparation.classes), "softmax")
        what = f"classification of {target_name} into {len(preparation.classes)} classes: {listed(preparation.classes)}"
    rate = {} if arguments.learning_rate is None else {"learning_rate": arguments.learning_rate}
    optimizer = OPTIMIZERS[arguments.optimizer](**rate)
    net = fm.Network(
        len(table.feature_names),
        [fm.Standardize(), *(fm.Dense(units, arguments.activation) for units in arguments.hidden), last],
        dtype=arguments.dtype,
        seed=arguments.seed,
        l2=arguments.l2,
        scale_targets=preparation.classes is None,
    )
    X = preparation.inputs(table, net)
    without = ", without the first column, which has no name" if table.skipped_index else ""
    say(f"data         {name_of(arguments.data)}: {count(len(X), 'row')}, {count(X.shape[1], 'feature')}{without}")
    say(f"task         {what}")
    say(
        f"network      {'-'.join(map(str, [net.n_inputs, *(layer.units for layer in net.layers)]))}, {net.dtype}",
        flush=True,
    )
    # before the fit, for its checkpoints
    preparation.store(net)
    if arguments.record:
        # by which fastmlp verify takes the same rows
        net.metadata["validation"] = arguments.validation
    net.fit(
        X[rest],
        y[rest],
        epochs=arguments.epochs,
        batch_size=min(arguments.batch_size, len(rest)),
        optimizer=optimizer,
        validation_data=(X[valid], y[valid]) if len(valid) else None,
        checkpoint=checkpoint,
        record=arguments.record,
    )
    # before anything more is printed: whoever reads it may have gone, and the work would be lost
    net.save(arguments.out)
    for name, rows in (("training", rest), ("validation", valid)):
        if len(rows):
            found = net.evaluate(X[rows], y[rows])
            say(f"{name:<13}loss {found['loss']:.4g}, {_rightness(found)}")
    say(f"model        {arguments.out}")
    return 0


def _rightness(found: dict[str, float]) -> str:
    if "accuracy" in found:
        return f"accuracy {100 * found['accuracy']:.2f} %"
    return f"mean absolute error {found['mae']:.4g}"


def predict(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp predict``."""
    if arguments.out is not None:
        check_output(arguments.out, "a table of predictions", ".csv", arguments.model, arguments.data)
    net = fm.load(arguments.model)
    preparation = Preparation.of(net)
    table = read_table(
        arguments.data,
        target=preparation.target_name,
        features=preparation.feature_names,
        need_target=False,
        delimiter=arguments.delimiter,
    )
    X = preparation.inputs(table, net)
    columns: dict[str, list[str]] = {}
    if preparation.classes is not None:
        columns["prediction"] = [preparation.classes[label] for label in net.predict(X)]
        if arguments.proba:
            for name, values in zip(preparation.classes, net.predict_proba(X).T, strict=True):
                columns[f"probability_{name}"] = list(map(str, values))
    elif arguments.proba:
        raise ValueError(f"{arguments.model} is a regression: it has no probabilities, leave out --proba.")
    else:
        outputs = preparation.values(net.predict(X).reshape(len(X), -1))
        for index, values in enumerate(outputs.T):
            columns["prediction" if outputs.shape[1] == 1 else f"prediction_{index}"] = list(map(str, values))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    if arguments.out is not None:
        write_atomically(arguments.out, text.getvalue().encode())
    elif sys.stdout is not None and sys.stdout.isatty():
        say(text.getvalue().rstrip("\n"))
    else:
        print(text.getvalue(), end="")
    return 0
