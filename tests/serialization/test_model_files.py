"""Model files: what could go wrong, and which test sees it.

A loaded network predicts other values, or loses a setting (comes back); strided views are written as they lie in
memory (comes back: all sizes are padded); the bytes depend on more than the network (same bytes); an interrupted or
failed save destroys the old file or leaves a stray one (failing save); what cannot be kept is kept half (metadata,
classes, not finite); another thread's half step is saved (in fit); a later release no longer reads an old file, or
other bits come out (golden). Damaged files are in test_damaged_model_files.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save

import fastmlp as fm

GOLDEN = Path(__file__).parent / "golden"


def network(dtype="float32", seed=0):
    # 5 and 3 are no multiples of a vector: every weight matrix is padded in memory
    net = fm.Network(
        5,
        [fm.Dense(3, fm.activations.LeakyReLU(0.125), l1=0.01), fm.Dense(2, "softmax")],
        dtype=dtype,
        seed=seed,
        l2=0.1,
    )
    net.classes = ["no", "ja, schön"]
    net.metadata = {"made": {"by": "hand", "at": [1, 2.5, None, True]}}
    return net


def inputs(n_inputs=5):
    return np.random.default_rng(1).standard_normal((40, n_inputs))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_comes_back_bit_by_bit_with_all_settings(tmp_path, dtype):
    net = network(dtype)
    net.fit(inputs(), np.arange(40) % 2, epochs=2)
    net.save(tmp_path / "model.safetensors")
    again = fm.load(str(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.get_parameters(), net.get_parameters())
    np.testing.assert_array_equal(again.forward(inputs()), net.forward(inputs()))
    assert again.loss(inputs(), np.arange(40) % 2) == net.loss(inputs(), np.arange(40) % 2)
    for name in ("n_inputs", "dtype", "seed", "loss_function", "classes", "metadata"):
        assert getattr(again, name) == getattr(net, name)
    for one, other in zip(again.layers, net.layers, strict=True):
        assert (one.units, one.activation, one.l1, one.l2) == (other.units, other.activation, other.l1, other.l2)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        (activation, loss)
        for activation in fm.activations.ACTIVATIONS
        for loss in fm.losses.LOSSES
        if activation in (fm.losses.LOSSES[loss].last_activations or fm.activations.ACTIVATIONS)
    ],
)
def test_every_activation_and_loss_comes_back(tmp_path, activation, loss):
    net = fm.Network(2, [fm.Dense(3, activation)], loss=loss, seed=1)
    net.save(tmp_path / "model.safetensors")
    again = fm.load(tmp_path / "model.safetensors")
    assert again.layers[0].activation == net.layers[0].activation
    assert again.loss_function == net.loss_function
    np.testing.assert_array_equal(again.forward(inputs(2)), net.forward(inputs(2)))


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ("softmax", fm.losses.CrossEntropy(label_smoothing=0.1)),
        ("softmax", fm.losses.CrossEntropy(class_weight="balanced")),
        ("sigmoid", fm.losses.CrossEntropy(0.05, {0: 0.1, 2: 3})),
        ("softmax", fm.losses.CrossEntropy(class_weight={})),
        ("identity", fm.losses.Huber(0.1)),
        ("tanh", fm.losses.Quantile(0.9)),
    ],
)
def test_the_parameters_of_a_loss_come_back(tmp_path, last, loss):
    net = fm.Network(2, [fm.Dense(3, last)], loss=loss, seed=1)
    net.save(tmp_path / "model.safetensors")
    again = fm.load(tmp_path / "model.safetensors")
    assert again.loss_function == loss
    assert again.loss(inputs(2), np.arange(40) % 3) == net.loss(inputs(2), np.arange(40) % 3)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_a_cross_entropy_without_parameters_is_written_as_in_the_first_files(tmp_path):
    network().save(tmp_path / "model.safetensors")
    assert b'\\"loss\\":{\\"name\\":\\"cross_entropy\\"}' in (tmp_path / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    "initializer",
    [
        *fm.initializers.NAMED,
        fm.initializers.Constant(0.1),
        fm.initializers.Uniform(0.2),
        fm.initializers.Normal(0.3),
        None,
    ],
)
def test_every_initializer_comes_back_and_draws_the_same_weights_again(tmp_path, initializer):
    net = fm.Network(2, [fm.Dense(3, fm.activations.ELU(0.5), initializer=initializer)], seed=1)
    initial = net.get_parameters()
    net.layers[0].weights[:] = 1
    net.save(tmp_path / "model.safetensors")
    again = fm.load(tmp_path / "model.safetensors")
    assert again.layers[0].initializer == net.layers[0].initializer
    assert (b"initializer" in (tmp_path / "model.safetensors").read_bytes()) == (initializer is not None)
    np.testing.assert_array_equal(again.get_parameters(), net.get_parameters())
    again.reset()
    np.testing.assert_array_equal(again.get_parameters(), initial)


def test_safetensors_itself_reads_and_writes_the_file(tmp_path):
    net = network()
    net.metadata = {"unit": '"\u00b0C"\n\\'}
    path = tmp_path / "model.safetensors"
    net.save(path)
    tensors = load_file(path)
    with safe_open(path, "numpy") as file:
        assert save(tensors, file.metadata()) == path.read_bytes()
    assert sorted(tensors) == ["layers.0.bias", "layers.0.weights", "layers.1.bias", "layers.1.weights"]
    for index, layer in enumerate(net.layers):
        np.testing.assert_array_equal(tensors[f"layers.{index}.weights"], layer.weights)
        np.testing.assert_array_equal(tensors[f"layers.{index}.bias"], layer.bias)


def test_the_same_network_gives_the_same_bytes_whatever_the_optimizer_did(tmp_path):
    net = network()
    parameters = net.get_parameters()
    net.save(tmp_path / "first.safetensors")
    net.fit(inputs(), np.arange(40) % 2, epochs=1)
    net.set_parameters(parameters)
    net.save(tmp_path / "second.safetensors")
    fm.load(tmp_path / "second.safetensors").save(tmp_path / "third.safetensors")
    names = [f"{name}.safetensors" for name in ("first", "second", "third")]
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names}
    assert len(digests) == 1
    network(seed=1).save(tmp_path / "other.safetensors")
    assert hashlib.sha256((tmp_path / "other.safetensors").read_bytes()).hexdigest() not in digests


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failing_save_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch, failing):
    path = tmp_path / "model.safetensors"
    network().save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space left") as caught:
        network(seed=1).save(path)
    # and not that of a temporary file
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_a_network_in_fit_is_saved_by_its_own_thread_only(tmp_path):
    refused = []

    def save_from_another_thread(path):
        try:
            net.save(path)
        except RuntimeError as error:
            refused.append(error)

    def callback(network, epoch):
        network.save(tmp_path / "own.safetensors")
        thread = threading.Thread(target=save_from_another_thread, args=(tmp_path / "other.safetensors",))
        thread.start()
        thread.join()

    net = network()
    net.fit(inputs(), np.arange(40) % 2, epochs=1, callbacks=[callback])
    assert len(refused) == 1
    assert os.listdir(tmp_path) == ["own.safetensors"]
    np.testing.assert_array_equal(fm.load(tmp_path / "own.safetensors").get_parameters(), net.get_parameters())


def test_a_link_is_followed_and_an_old_file_replaced(tmp_path):
    (tmp_path / "models").mkdir()
    network().save(tmp_path / "models" / "real.safetensors")
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "models" / "real.safetensors")
    network(seed=1).save(tmp_path / "link.safetensors")
    assert (tmp_path / "link.safetensors").is_symlink()
    assert fm.load(tmp_path / "models" / "real.safetensors").seed == 1


def test_a_folder_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    # root may write everywhere, so the answer of the system is played
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match=f"^{tmp_path} may not be written: change its permissions"):
        network().save(tmp_path / "model.safetensors")


def test_places_that_hold_no_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not a regular file"):
        network().save(tmp_path)
    with pytest.raises(ValueError, match="/dev/null is not a regular file"):
        network().save("/dev/null")
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        network().save(tmp_path / "nowhere" / "model.safetensors")
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors does not exist"):
        fm.load(tmp_path / "model.safetensors")
    with pytest.raises(fm.ModelFileError, match="is not a regular file"):
        fm.load(tmp_path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {1: 2},
        {"a": (1, 2)},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": np.float32(1)},
        {"a": {3}},
        {"a": b"b"},
        {"a": [object()]},
    ],
)
def test_metadata_that_json_would_change_are_refused(tmp_path, metadata):
    net = network()
    net.metadata = metadata
    with pytest.raises(ValueError, match="metadata must be a dict with string keys, and plain JSON in it"):
        net.save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


def test_metadata_too_deep_or_too_large_are_refused(tmp_path):
    net = network()
    for depth in (40, 100_000):
        nested = []
        for _ in range(depth):
            nested = [nested]
        net.metadata = {"a": nested}
        with pytest.raises(ValueError, match="nested deeper than 32 levels"):
            net.save(tmp_path / "model.safetensors")
    circle = {}
    circle["a"] = circle
    net.metadata = circle
    with pytest.raises(ValueError, match="nested deeper than 32 levels"):
        net.save(tmp_path / "model.safetensors")
    net.metadata = {"a": "b" * 17_000_000}
    with pytest.raises(ValueError, match="more than the 16777216 bytes"):
        net.save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("classes", [["one"], ["a", "a"], ["a", 1], "ab", ["a", "b", "c"]])
def test_classes_must_be_different_names_one_for_each_output(tmp_path, classes):
    net = network()
    before = net.classes
    with pytest.raises(ValueError, match="classes must be None or a list of 2 different names"):
        net.classes = classes
    assert net.classes == before
    # in the list that is there, nobody sees it
    net.classes = ["no", "yes"]
    net.classes.append("no")
    with pytest.raises(ValueError, match="classes must be None or a list of 2 different names"):
        net.save(tmp_path / "model.safetensors")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_that_is_not_finite_is_not_saved(tmp_path, value):
    net = network()
    net.layers[1].bias[0] = value
    with pytest.raises(ValueError, match=r"^layers\[1\]\.bias holds NaN or infinity, and this network was not written"):
        net.save(tmp_path / "model.safetensors")


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.safetensors")))
def test_a_golden_file_loads_for_ever_and_predicts_the_same_bits(tmp_path, name):
    net = fm.load(GOLDEN / f"{name}.safetensors")
    kept = json.loads((GOLDEN / f"{name}.json").read_text())
    outputs = net.forward(np.array(kept["inputs"]))
    assert outputs.dtype == kept["dtype"]
    # hexadecimal, so that no digit is lost
    assert [[float(value).hex() for value in row] for row in outputs] == kept["outputs"]
    assert (net.classes, net.metadata, net.seed) == (kept["classes"], kept["metadata"], kept["seed"])
    if "record" in kept:
        fits = [[len(fit.digests), fit.rows, fit.weights_of, len(fit.states)] for fit in net.record.fits]
        assert {"head": net.record.head, "end": net.record.end, "fits": fits} == kept["record"]
    net.save(tmp_path / "again.safetensors")
    again = fm.load(tmp_path / "again.safetensors")
    assert (again.forward(np.array(kept["inputs"])) == outputs).all()
    assert str(again.record) == str(net.record)


def test_there_are_golden_files():
    kinds = {"0.1-float32", "0.1-float64", "0.1-bins", "0.1-periodic", "0.1-record", "0.1-digest"}
    assert {path.stem for path in GOLDEN.glob("*.safetensors")} >= kinds


class Cut:
    """Ends a training in the epoch of this number, if there is one."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, network, epoch):
        if epoch["epoch"] == self.epoch:
            raise SystemExit

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def of_golden_checkpoint(path, ends=None):
    """Return the network and the history of the training of which the golden checkpoint is, amid its fourth epoch."""
    X, y = fm.datasets.moons(60)
    net = fm.Network(2, [fm.Standardize(), fm.Dense(3, "tanh"), fm.Dropout(0.25), fm.Dense(2, "softmax")], seed=5)
    checkpoint = None if path is None else fm.Checkpoint(path, steps=10)
    callbacks = [fm.EarlyStopping(5, monitor="loss"), Cut(ends)]
    given = {"epochs": 6, "batch_size": 16, "validation_fraction": 0.25, "record": 2}
    optimizer = fm.AdamW(fm.schedules.ReduceOnPlateau(0.1))
    return net, net.fit(X, y, optimizer=optimizer, callbacks=callbacks, checkpoint=checkpoint, **given)


@pytest.mark.parametrize("name", ["0.1-amid.ckpt", "0.1-digest.ckpt"])
def test_a_golden_checkpoint_is_a_network_for_ever_and_a_training_goes_on_from_it(tmp_path, name):
    path = tmp_path / "run.ckpt"
    path.write_bytes((GOLDEN / name).read_bytes())
    kept = json.loads((GOLDEN / f"{name}.json").read_text())
    net = fm.load(path)
    assert [[float(value).hex() for value in row] for row in net.forward(np.array(kept["inputs"]))] == kept["outputs"]
    assert net.record.end == "ended after epoch 3 of fit 1: the fit had not come to its end"
    net, history = of_golden_checkpoint(path)
    assert history["epoch"] == [1, 2, 3, 4, 5, 6]
    # what came before is what the file says, whatever a later version would make of it
    assert [loss.hex() for loss in history["loss"][:3]] == kept["loss"]
    assert len(net.record.fits[0].digests) == 6
