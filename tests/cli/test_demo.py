"""``fastmlp demo``: what could go wrong, and which test sees it.

A line of the report is missing (report), the exit status hides a failed check (failed), the way of MNIST differs from
that of the digits (same way), a missing extra gives a traceback (extras), the picture fails where a number is unusual:
one epoch, certain answers, few images (unusual findings). Whether the picture is a good one, only eyes can tell.
"""

from __future__ import annotations

import builtins
import os
import struct
from dataclasses import replace

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.cli.demo_figure import Findings, draw

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_report_on_digits_has_all_its_lines_and_a_picture(run, tmp_path):
    out = tmp_path / "demo.png"
    # a seed beyond the 32 bits of scikit-learn
    outcome = run("demo", "--epochs", 3, "--threads", 1, "--seed", 2**32, "--out", out)
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    starts = [
        "data",
        "network",
        "training",
        "computer",
        "",
        "",
        "fastmlp",
        "scikit-learn",
        "",
        "gradients",
        "model file",
    ]
    for line, start in zip(lines, [*starts, "picture"], strict=True):
        assert line.startswith(start)
    assert "1437 training and 360 test images of 8x8 pixels" in outcome.out
    assert "agree with central differences" in outcome.out
    assert "predicts the same bits for all test images" in outcome.out
    assert out.read_bytes().startswith(PNG)
    assert os.listdir(tmp_path) == ["demo.png"]


def test_a_failed_gradient_check_is_shown_and_exit_status_1(run, tmp_path, monkeypatch):
    check = fm.Network.check_gradients

    def fails(net, *data):
        report = check(net, *data)
        return replace(report, wrong=report.worst)

    monkeypatch.setattr(fm.Network, "check_gradients", fails)
    outcome = run("demo", "--epochs", 1, "--out", tmp_path / "demo.png")
    assert outcome.status == 1
    assert "DIFFER FROM central differences" in outcome.out
    monkeypatch.setattr(fm.GradientReport, "passed", False)
    monkeypatch.setattr(fm.Network, "check_gradients", check)
    outcome = run("demo", "--epochs", 1, "--out", tmp_path / "demo.png")
    assert outcome.status == 1
    assert "cannot be told from central differences" in outcome.out


def test_mnist_files_take_the_same_way(run, tmp_path):
    generator = np.random.default_rng(0)
    for part, n in (("train", 400), ("t10k", 30)):
        labels = (np.arange(n) % 10).astype(np.uint8)
        images = generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
            (tmp_path / name).write_bytes(header + array.tobytes())
    outcome = run("demo", "--data", tmp_path, "--epochs", 1, "--out", tmp_path / "demo.png")
    assert outcome.status == 0
    assert "MNIST: 400 training and 30 test images of 28x28 pixels" in outcome.out
    assert "784-50-10, relu and softmax, 39760 parameters" in outcome.out


@pytest.mark.parametrize("missing", ["sklearn", "matplotlib"])
def test_what_is_missing_is_named(run, tmp_path, monkeypatch, missing):
    true_import = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] == missing:
            raise ImportError(f"No module named {missing!r}")
        return true_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    outcome = run("demo", "--out", tmp_path / "demo.png")
    assert outcome.status == 2
    assert outcome.error == (
        "fastmlp: the demo needs scikit-learn and matplotlib "
        f'(No module named \'{missing}\'): pip install "scikit-learn>=1.3" "matplotlib>=3.6".\n'
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("n_epochs", "n_test", "n_hidden"), [(1, 1, 1), (1, 9, 3), (3, 400, 50), (200, 20, 7)])
def test_unusual_findings_are_drawn_too(n_epochs, n_test, n_hidden):
    generator = np.random.default_rng(0)
    probabilities = np.eye(10)[generator.integers(0, 10, n_test)]
    losses = list(np.linspace(2.0, 1.0, n_epochs))
    findings = Findings(
        name="digits",
        history={"epoch": list(range(1, n_epochs + 1)), "loss": losses, "validation_loss": losses},
        images=generator.random((n_test, 8, 8)),
        labels=generator.integers(0, 10, n_test),
        probabilities=probabilities,
        hidden_weights=generator.standard_normal((n_hidden, 8, 8)),
        output_weights=generator.standard_normal((n_hidden, 10)),
        accuracy=1.0,
        seconds=0.001,
        peer_seconds=1000.0,
    )
    assert draw(findings).startswith(PNG)
