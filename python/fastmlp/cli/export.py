"""``fastmlp export``: a model file as a file for other programs; what is written, _export/ knows."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import NamedTuple

import fastmlp as fm
from fastmlp._files.kinds import kind_of
from fastmlp.cli._options import Commands, add_command
from fastmlp.cli._outputs import check_output, say
from fastmlp.cli._preparation import Preparation
from fastmlp.runtime import imported


class Target(NamedTuple):
    """What a model can be exported to: how a sentence calls it, the suffix of its files, and who writes one."""

    written: str
    suffix: str
    write: Callable[[argparse.Namespace], None]


def _to_c(arguments: argparse.Namespace) -> None:
    if kind_of(arguments.model) == "estimator":
        imported("fastmlp.sklearn").load(arguments.model).to_c(arguments.out, name=arguments.name)
        return
    net, feature_names = _network(arguments.model)
    net.to_c(arguments.out, name=arguments.name, feature_names=feature_names)


def _to_onnx(arguments: argparse.Namespace) -> None:
    if kind_of(arguments.model) == "estimator":
        imported("fastmlp.sklearn").load(arguments.model).to_onnx(arguments.out)
        return
    net, feature_names = _network(arguments.model)
    net.to_onnx(arguments.out, feature_names=feature_names)


def _network(path: str) -> tuple[fm.Network, list[str] | None]:
    """Return the network of a file, and the names of its inputs."""
    net = fm.load(path)
    preparation = Preparation.of(net)
    if preparation.beside is not None:
        raise ValueError(
            f"{path} was written by fastmlp 0.1.0 or older, with a scaling beside its network: train again."
        )
    return net, preparation.feature_names


TARGETS = {"c": Target("C", ".h", _to_c), "onnx": Target("an ONNX model", ".onnx", _to_onnx)}


def add_commands(commands: Commands) -> None:
    """Add ``export``."""
    parser = add_command(
        commands,
        "export",
        export,
        "write a model for other programs: c, one header of C99 and C++11; onnx, an ONNX model",
        "fastmlp export flowers.safetensors --to c --name flowers",
    )
    parser.add_argument("model", metavar="MODEL", help="model file")
    parser.add_argument("--to", choices=TARGETS, required=True, help="what to write")
    parser.add_argument("--out", metavar="FILE", help="file to write (the model's name with another suffix)")
    parser.add_argument("--name", metavar="NAME", help="of c: what all names in the file begin with (model)")


def export(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp export``."""
    target = TARGETS[arguments.to]
    if arguments.name is not None and arguments.to != "c":
        raise ValueError(f"--name is of --to c, but --to is {arguments.to}, which has no names: leave it out.")
    arguments.name = "model" if arguments.name is None else arguments.name
    if arguments.out is None:
        arguments.out = os.path.splitext(arguments.model)[0] + target.suffix
    check_output(arguments.out, target.written, target.suffix, arguments.model)
    target.write(arguments)
    say(f"{arguments.to:<13}{arguments.out}")
    return 0
