"""Records of trainings, and their proof by training again.

What could go wrong: a record changes the training (same bits), or costs an epoch that is trained again its truth
(whole and in segments, of every kind of fit); something changes the weights and the record does not end, or does not
say where (each way once); a resumed training has another record (ended in every epoch, amid it, and after its end); it
is lost on the way (file, pickle, copy, executor); it depends on the machine (instruction sets, threads); it proves what
is not so: a forger who computed all digests, links and heads anew changed one weight in one epoch, one label, two rows,
an argument, a state (each found, with the epoch, by the whole and by all segments), as verify has nothing but the
retraining to find these by.
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from ended_fits import EndAt, Ended

import fastmlp as fm
from fastmlp._files import checkpoint_file, model_file
from fastmlp._model.record import digest_of
from fastmlp._training import recorder
from fastmlp.network import model_of

X, Y = fm.datasets.moons(160)
BATCH = 16


def network(seed=3, last=2, **settings):
    layers = [fm.Standardize(), fm.Dense(9, "relu"), fm.Dropout(0.25), fm.Dense(last, "softmax")]
    return fm.Network(2, layers, seed=seed, **settings)


def trained(net=None, **settings):
    net = net or network()
    net.fit(X, Y, **{"epochs": 6, "batch_size": BATCH, "record": True} | settings)
    return net


class Tampering:
    """Changes the training of a forger, who then tells the record that nothing was."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, network, epoch):
        if epoch["epoch"] == self.epoch:
            network.layers[0].weights[1, 4] += 2.0**-12
            # as if the epoch had come out so
            model_of(network).record.fits[-1].digests[-1] = model_of(network).digest()


def test_a_record_changes_nothing():
    assert trained(record=3).get_parameters().tobytes() == trained(record=False).get_parameters().tobytes()
    assert trained(record=False).record is trained(record=np.False_).record is None
    assert trained(record=np.True_).record.end is None


KINDS = {
    "schedule": {"optimizer": fm.Adam(fm.schedules.OneCycle(0.01))},
    "warmup": {"optimizer": fm.SGD(fm.schedules.Warmup(fm.schedules.Exponential(0.1), steps=15), momentum=0.9)},
    "plateau": {"optimizer": fm.SGD(fm.schedules.ReduceOnPlateau(0.5, patience=0, min_delta=0.1)), "epochs": 9},
    "validation fraction": {"validation_fraction": 0.3, "callbacks": [fm.EarlyStopping(1)], "optimizer": fm.Adam(0.3)},
    "full batch": {"batch_size": None, "optimizer": "rprop"},
    "clipped": {"optimizer": fm.AdamW(0.01, clip_norm=0.1), "shuffle": False},
    "weights": {"sample_weight": np.arange(160) % 3},
    "one epoch": {"epochs": 1},
}


SCHEDULES = [
    fm.schedules.Constant(0.1), fm.schedules.Step(0.1, every_epochs=2), fm.schedules.Step(0.1, every_steps=7),
    fm.schedules.InverseScaling(0.1), fm.schedules.Cosine(0.1, final=0.01), fm.schedules.Coslog4(0.1),
    fm.schedules.Warmup(0.1, fraction=0.3),
]  # fmt: skip
OPTIMIZERS = [
    fm.SGD(0.1, momentum=0.5, nesterov=True), fm.Adam(clip_value=0.5), fm.AdamW(weight_decay=0.1), fm.Adagrad(),
    fm.RMSProp(momentum=0.5), fm.Rprop(), *map(fm.SGD, SCHEDULES),
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_optimizer_and_schedule_is_proved_from_a_file(tmp_path, optimizer):
    batch_size = None if optimizer.needs_all_samples else BATCH
    trained(optimizer=optimizer, record=3, batch_size=batch_size).save(tmp_path / "model.safetensors")
    assert fm.verify(tmp_path / "model.safetensors", X, Y)
    assert fm.verify(tmp_path / "model.safetensors", X, Y, segments=2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fit_is_proved_whole_and_in_segments(kind):
    net = trained(record=2, **KINDS[kind])
    weight = KINDS[kind].get("sample_weight")
    assert fm.verify(net, X, Y, weight).proved
    found = fm.verify(net, X, Y, weight, segments=100)
    assert found.proved
    assert len(found.segments) == -(-len(net.record.fits[0].digests) // 2)


def test_the_rates_of_a_plateau_and_the_epoch_of_early_stopping_are_in_the_record():
    plateau, stopped = (trained(**KINDS[kind]).record.fits[0] for kind in ("plateau", "validation fraction"))
    assert len(plateau.rates) == 9
    assert len(set(plateau.rates)) > 1
    assert stopped.weights_of < len(stopped.digests) < 6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_several_fits_in_a_row_are_one_record(dtype):
    net = network(dtype=dtype)
    other = X[:70] * 2, Y[:70]
    trained(net, record=2)
    trained(net, record=2, optimizer=fm.Adam(0.3), validation_fraction=0.3, callbacks=[fm.EarlyStopping(1)])
    net.fit(*other, epochs=3, record=2)
    assert [len(fit.digests) for fit in net.record.fits][::2] == [6, 3]
    # the optimizer goes on from the second fit, whose best weights were put back
    assert net.record.fits[1].weights_of < len(net.record.fits[1].digests)
    data = [X, X, other[0]], [Y, Y, other[1]]
    assert fm.verify(net, *data).proved
    assert fm.verify(net, *data, segments=99).proved
    found = fm.verify(net, X, Y)
    assert (found.proved, found.sentence) == (False, "there are 160 rows here and 70 in the record, in fit 3.")


def test_a_fit_after_loading_goes_on_with_the_record_and_a_new_optimizer(tmp_path):
    trained(record=2).save(tmp_path / "model.safetensors")
    net = trained(fm.load(tmp_path / "model.safetensors"), record=3)
    assert [fit.is_restart for fit in net.record.fits] == [False, True]
    assert fm.verify(net, X, Y).proved
    assert fm.verify(net, X, Y, segments=99).proved


def test_every_setting_of_a_network_is_in_its_record(tmp_path):
    values = fm.Network(2, [fm.PiecewiseLinear(4), fm.Dense(5, "tanh"), fm.Dense(1)], seed=1, scale_targets=True)
    waves = fm.Network(2, [fm.Standardize(), fm.Periodic(3, 4), fm.Dense(1)], seed=1)
    names = network()
    y = X[:, 0] * 50 + 100
    values.fit(X, y, epochs=3, record=True)
    waves.fit(X, X[:, 0], epochs=3, record=2)
    layers = [fm.Rescale(to=(-2, 2)), fm.Dense(3, "elu", initializer="he_uniform"), fm.Maxout(2, 2), fm.LayerNorm()]
    balance = fm.losses.CrossEntropy(class_weight={0: 2.0, 1: 1.0})
    weighed = fm.Network(2, [*layers, fm.Dense(1, "sigmoid")], loss=balance, seed=2)
    weighed.fit(X, Y, epochs=2, record=1)
    weighed.save(tmp_path / "model.safetensors")
    assert fm.verify(weighed, X, Y)
    assert fm.verify(tmp_path / "model.safetensors", X, Y, segments=9)
    text = np.array(["yes", "no"])[Y]
    names.fit(X, text, epochs=3, record=True)
    assert fm.verify(values, X, y)
    assert fm.verify(waves, X, X[:, 0], segments=9)
    assert fm.verify(names, X, text)


def test_members_of_a_fleet_have_the_records_of_their_own_fits(tmp_path):
    rows = [np.arange(160) % 3 != fold for fold in range(3)]
    settings = {"epochs": 4, "batch_size": BATCH, "record": 2}
    nets, others = [network(seed) for seed in range(3)], [network(seed) for seed in range(3)]
    fm.fit_many(nets, X, Y, rows=rows, settings=settings)
    with ThreadPoolExecutor(2) as executor:
        fm.fit_many(others, X, Y, rows=rows, settings=settings, executor=executor)
    for net, other, own in zip(nets, others, rows, strict=True):
        alone = network(net.seed)
        alone.fit(X[own], Y[own], **settings)
        assert net.record.head == other.record.head == alone.record.head
        assert fm.verify(net, X[own], Y[own], segments=1)


def test_a_record_is_kept_by_files_pickles_and_copies(tmp_path):
    net = trained(record=4)
    net.save(tmp_path / "model.safetensors")
    before = str(net.record)
    others = [fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net)), net.copy(), copy.deepcopy(net)]
    # what becomes of the network afterwards is not theirs
    trained(net)
    for other in others:
        assert str(other.record) == before
        assert fm.verify(other, X, Y, segments=9)
    others[0].save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()
    assert fm.verify(str(tmp_path / "model.safetensors"), X, Y)


def changed_by_hand(net):
    net.layers[1].bias[0] = 0.5


ENDS = {
    "set_parameters was called": lambda net: net.set_parameters(net.get_parameters() * 2),
    "weights were written by hand": changed_by_hand,
    "learn was called": lambda net: net.learn(X[0], 1),
    "partial_fit was called": lambda net: net.partial_fit(X, Y),
    "fit was called on an iterable of batches": lambda net: net.fit([(X, Y)], epochs=2),
    "a step of the caller's own was made": lambda net: net.step(X, lambda outputs: outputs),
    "soft_update was called": lambda net: net.soft_update(network(4), 0.5),
    "fit was called without record": lambda net: net.fit(X, Y, epochs=1),
}


@pytest.mark.parametrize("reason", ENDS)
def test_what_cannot_be_made_again_ends_a_record_which_says_where(reason, tmp_path):
    net = fm.Network(2, [fm.Dense(9, "relu"), fm.Dense(2, "softmax")], seed=4)
    other = fm.Network(2, [fm.Dense(9, "relu"), fm.Dense(2, "softmax")], seed=4)
    trained(net)
    trained(net, epochs=3)
    if reason.startswith("soft"):
        net.soft_update(other, 0.5)
    else:
        ENDS[reason](net)
    sentence = f"ended after epoch 3 of fit 2: {reason}"
    net.save(tmp_path / "model.safetensors")
    assert net.record.end == fm.load(tmp_path / "model.safetensors").record.end == sentence
    found = fm.verify(net, X, Y)
    assert (found.proved, found.sentence) == (False, f"the record {sentence}; what came after that is not in it.")
    parameters = net.get_parameters()
    with pytest.raises(ValueError, match="the record of this network ended after epoch 3 of fit 2"):
        trained(net)
    assert (net.get_parameters() == parameters).all()
    net.reset()
    assert net.record is None
    assert fm.verify(trained(net), X, Y)


def test_a_network_that_is_not_as_its_seed_makes_it_has_no_record():
    for change in (lambda net: net.fit(X, Y, epochs=1), changed_by_hand):
        net = network()
        change(net)
        with pytest.raises(ValueError, match=r"not those that seed 3 gives: call reset\(\) first, or leave record out"):
            trained(net)


def test_a_callback_that_changes_weights_ends_the_record_and_one_that_ends_the_fit_does_not():
    def change(net, epoch):
        if epoch["epoch"] == 2:
            changed_by_hand(net)

    assert trained(callbacks=[change]).record.end == "ended after epoch 2 of fit 1: a callback changed the weights"
    begin = fm.LambdaCallback(begin=lambda net, columns: changed_by_hand(net))
    assert trained(callbacks=[begin]).record.end == "ended at the begin of fit 1: a callback changed the weights"

    def metric(targets, outputs, seen=[]):  # noqa: B006
        seen.append(1)
        if len(seen) == 2:
            changed_by_hand(measured)
        return 0.0

    measured = network()
    trained(measured, validation_data=(X, Y), metrics=[metric])
    assert measured.record.end == "ended after epoch 2 of fit 1: a metric changed the weights"
    end = fm.LambdaCallback(end=changed_by_hand)
    assert trained(callbacks=[end]).record.end == "ended after epoch 6 of fit 1: a callback changed the weights"
    net = trained(callbacks=[lambda net, epoch: epoch["epoch"] == 4])
    assert str(net.record).splitlines()[1].startswith("fit 1: 4 epochs of 160 rows, batch_size 16, adam")
    assert fm.verify(net, X, Y)


def test_a_fit_that_an_error_ended_ends_the_record():
    def fail(net, epoch):
        raise RuntimeError

    net = network()
    with pytest.raises(RuntimeError):
        trained(net, callbacks=[fail])
    assert net.record.end == "ended after epoch 1 of fit 1: the fit was ended by RuntimeError"
    diverged = fm.Network(2, [fm.Dense(1)], seed=0)
    with pytest.raises(FloatingPointError):
        diverged.fit(X, X[:, 0], epochs=50, optimizer=fm.SGD(1e6), record=True)
    assert "the fit was ended by FloatingPointError" in diverged.record.end


@pytest.mark.parametrize("steps", [7, 10])  # amid an epoch, and between two of its 10 steps
@pytest.mark.parametrize("end", [1, 4, 6])
def test_a_resumed_training_has_the_record_of_an_undisturbed_one(tmp_path, steps, end):
    # where there are 8 epochs, the state for the end of 6 of them stays without what was put back there, or goes
    every = 3 + end % 2

    def fitted(path, ends, **settings):
        net = network()
        trained(net, epochs=2, record=4)
        callbacks = [fm.EarlyStopping(9), EndAt(ends)]
        # by which the best epoch is neither the last one of 6 nor of 8
        given = {"epochs": 6, "record": every, "optimizer": fm.Adam(1.0), "validation_fraction": 0.3}
        checkpoint = None if path is None else fm.Checkpoint(path, steps=steps)
        return trained(net, callbacks=callbacks, checkpoint=checkpoint, **given | settings)

    def file_of(net):
        net.save(tmp_path / "model.safetensors")
        return (tmp_path / "model.safetensors").read_bytes()

    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(path, end)
    if path.exists():
        # of a training under way there is no more to prove than that
        assert fm.load(path).record.end.endswith("the fit had not come to its end")
    expected = fitted(None, None)
    assert expected.record.fits[1].weights_of == 5
    for _ in range(2):
        net = fitted(path, None)
        assert file_of(net) == file_of(expected)
    longer = fitted(path, None, epochs=8)
    assert file_of(longer) == file_of(fitted(None, None, epochs=8))
    assert fm.verify(longer, X, Y, segments=99)
    with pytest.raises(ValueError, match=f"record is True here and {every} there"):
        fitted(path, None, record=True)


def test_rates_are_recorded_where_a_training_was_ended_amid_its_first_epoch(tmp_path):
    def fitted(path, ends):
        checkpoint = None if path is None else fm.Checkpoint(path, steps=3)  # of the 7 of an epoch
        optimizer = fm.Adam(fm.schedules.ReduceOnPlateau(1.0, patience=1, factor=0.5))
        settings = {"epochs": 6, "record": True, "optimizer": optimizer, "validation_fraction": 0.3}
        return trained(network(), callbacks=[EndAt(ends)], checkpoint=checkpoint, **settings)

    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(path, 1)
    assert not fm.load(path).record.fits[0].digests
    found, expected = fitted(path, None).record, fitted(None, None).record
    assert len(set(expected.fits[0].rates)) > 1
    assert found.fits[0].rates == expected.fits[0].rates
    assert found.head == expected.head


def test_one_changed_weight_in_one_epoch_is_found():
    net = trained(callbacks=[Tampering(4)])
    assert net.record.end is None
    found = fm.verify(net, X, Y)
    assert (found.proved, found.first_difference) == (False, (1, 4))
    assert found.sentence == "epoch 4 of fit 1 gives other weights than the record has."


@pytest.mark.parametrize("epoch", range(1, 7))
def test_segments_find_one_changed_weight_and_see_nothing_of_it_elsewhere(epoch):
    class AndState(Tampering):
        def __call__(self, network, row):
            super().__call__(network, row)
            states = model_of(network).record.fits[-1].states
            if row["epoch"] == self.epoch and states and states[-1].epoch == self.epoch:
                states[-1] = replace(states[-1], parameters=network.get_parameters())

    net = trained(callbacks=[AndState(epoch)], record=2)
    found = fm.verify(net, X, Y, segments=3)
    assert (found.proved, found.first_difference) == (False, (1, epoch))
    one = [fm.verify(net, X, Y, segments=1) for _ in range(8)]
    for found in one:
        first, last = found.segments[0][1:]
        assert found.proved == (not first <= epoch <= last)


def with_other_data(X_learned, Y_learned, net=None):
    """Return a network that learned other data, and whose record claims X and Y."""
    honest, other = trained(), net or network()
    other.fit(X_learned, Y_learned, epochs=6, batch_size=BATCH, record=True)
    model_of(other).record.fits[0].data = dict(honest.record.fits[0].data)
    assert other.record.end is None
    return other


def test_one_changed_label_is_found():
    y = Y.copy()
    y[17] = 1 - y[17]
    assert fm.verify(trained(), X, y).sentence == "y has other values here than in the record, in fit 1."
    found = fm.verify(with_other_data(X, y), X, Y)
    assert (found.proved, found.first_difference) == (False, (1, 1))


def test_one_swapped_pair_of_rows_is_found():
    order = np.arange(160)
    order[[20, 21]] = order[[21, 20]]
    # so that the scaling is not what finds it
    assert fm.verify(trained(), X[order], Y[order]).sentence == "X has other values here than in the record, in fit 1."
    found = fm.verify(with_other_data(X[order], Y[order]), X, Y)
    assert (found.proved, found.first_difference) == (False, (1, 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"batch_size": 32, "total_steps": 30},
        {"shuffle": False},
        {"optimizer": "rmsprop", "settings": vars(fm.RMSProp())},
        {"settings": vars(fm.Adam(0.002))},
        {"schedule": ["cosine", [0.0], 0]},
    ],
)
def test_changed_arguments_are_found(changed):
    net = trained()
    net.record.fits[0].arguments |= changed
    assert net.record.end is None
    found = fm.verify(net, X, Y)
    assert (found.proved, found.first_difference) == (False, (1, 1))


def test_another_seed_initial_weights_network_or_version_is_found(tmp_path):
    net = trained()
    net.record.seed = 4
    found = fm.verify(net, X, Y)
    assert (found.first_difference, found.sentence) == (
        (1, 0),
        "seed 4 gives other initial weights than the record has.",
    )
    net = trained()
    net.record.network["layers"][2]["rate"] = 0.5
    net.record.fits[0].version = "0.0.1"
    found = fm.verify(net, X, Y)
    assert not found.proved
    assert found.sentence.startswith(
        "layers of the network differ from what the record begins with (it is of fastmlp 0.0.1"
    )
    net = trained()
    net.record.network["layers"][1]["units"] = 10**6
    assert "the record begins with no network (it has 5000002 parameters, but" in fm.verify(net, X, Y).sentence
    net.record.network["layers"][2]["kind"] = "nothing"
    assert "the record begins with no network (a layer is of the kind 'nothing')" in fm.verify(net, X, Y).sentence


def test_a_forger_who_gives_other_weights_in_the_end_is_found():
    net = trained()
    changed_by_hand(net)
    model_of(net).record.fits[0].digests[-1] = model_of(net).digest()
    assert net.record.end is None
    found = fm.verify(net, X, Y)
    assert (found.proved, found.first_difference) == (False, (1, 6))


def test_a_state_that_is_not_of_the_training_is_found():
    def with_state(**changes):
        net = trained(record=3)
        states = net.record.fits[0].states
        states[0] = replace(states[0], **changes)
        return fm.verify(net, X, Y, segments=2)

    honest = trained(record=3).record.fits[0].states[0]
    other = honest.parameters.copy()
    other[0] += 1
    slots = [honest.slots[0] * 2, honest.slots[1]]
    assert with_state(slots=slots).sentence == (
        "epoch 3 of fit 1 leaves the optimizer in another state than the record has."
    )
    assert with_state(steps=31).first_difference == (1, 3)
    assert with_state(parameters=other).sentence == (
        "the weights that the record keeps of epoch 3 of fit 1 are not those of its chain."
    )
    assert not with_state(slots=[]).proved


def state(fit, number, **changes):
    fit.states[number] = replace(fit.states[number], **changes)


def swap(fit):
    first, second = fit.states[:2]
    fit.states[:2] = replace(second, epoch=first.epoch), replace(first, epoch=second.epoch)


# each of two fits of six epochs, with a state after every other one
FORGERIES = {
    "another epoch was put back": lambda first, second: setattr(first, "weights_of", 3),
    "weights were put back where none were": lambda first, second: state(
        first, -1, put_back=first.states[0].parameters
    ),
    "and amid a fit": lambda first, second: state(first, 0, put_back=first.states[0].parameters),
    "weights of the last state": lambda first, second: state(
        second, -1, parameters=second.states[-1].parameters + np.float32(1)
    ),
    "weights of a state between": lambda first, second: state(
        second, 1, parameters=second.states[1].parameters + np.float32(1)
    ),
    "slots": lambda first, second: state(first, 1, slots=[slot * 2 for slot in first.states[1].slots]),
    "steps": lambda first, second: state(second, -1, steps=second.states[-1].steps + 1),
    "swapped states": lambda first, second: swap(first),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_whole_and_all_segments_find_what_a_record_keeps_beside_its_chain(tmp_path, forgery):
    net = network()
    trained(net, record=2)
    trained(net, record=2, optimizer=fm.SGD(0.1, momentum=0.5))
    assert fm.verify(net, X, Y)
    assert fm.verify(net, X, Y, segments=99)
    FORGERIES[forgery](*model_of(net).record.fits)
    net.save(tmp_path / "forged.safetensors")
    assert fm.load(tmp_path / "forged.safetensors").record.end is None
    for segments in (None, 99):
        assert not fm.verify(tmp_path / "forged.safetensors", X, Y, segments=segments)


def test_what_is_printed_of_a_record_is_what_is_proved():
    net = trained(optimizer=fm.SGD(fm.schedules.ReduceOnPlateau(0.1)), record=2)
    fit = net.record.fits[0]
    assert "learning_rate=0.1" in str(fit)
    fit.arguments["settings"]["learning_rate"] = 7.0
    assert fm.verify(net, X, Y).sentence == "the first rate of fit 1 is not that of its arguments."
    fit.arguments["settings"]["learning_rate"] = 0.1
    before = str(fit)
    # where no rate depends on it, training again cannot show how many epochs were asked for
    fit.arguments["total_steps"] = 10**6
    assert fm.verify(net, X, Y)
    assert str(fit) == before


def test_every_link_hashes_the_one_before():
    net = trained()
    links = list(net.record.links())
    # the network, the fit, its 6 epochs and its end
    assert len(links) == 9
    net.record.fits[0].digests[3] = bytes(16)
    assert [one == other for one, other in zip(net.record.links(), links, strict=True)] == [True] * 5 + [False] * 4


PROGRAM = """
import sys
import fastmlp as fm
X, y = fm.datasets.moons(160)
fm.set_num_threads(int(sys.argv[3]))
if sys.argv[1] == "train":
    net = fm.Network(2, [fm.Standardize(), fm.Dense(200, "tanh"), fm.Dropout(0.25), fm.Dense(2, "softmax")], seed=3)
    net.fit(X, y, epochs=4, batch_size=64, record=2)
    net.save(sys.argv[2])
else:
    print(fm.verify(sys.argv[2], X, y).proved, fm.verify(sys.argv[2], X, y, segments=2).proved)
"""


def run(*arguments, target):
    environment = os.environ | {"FASTMLP_TARGET": target}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_what_one_instruction_set_trained_another_one_proves_on_any_number_of_threads(tmp_path):
    first, *_, last = fm.available_targets()
    files = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    run("train", files[0], 1, target=first)
    run("train", files[1], 2, target=last)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert run("verify", files[0], 2, target=last) == run("verify", files[1], 1, target=first) == "True True\n"


@pytest.mark.parametrize("best_only", [True, False])
def test_what_callbacks_keep_of_a_recorded_fit_can_be_verified(tmp_path, best_only):
    copies = []
    keep = fm.ModelCheckpoint(tmp_path / "best-{epoch}.safetensors", best_only=best_only)
    optimizer = fm.SGD(fm.schedules.ReduceOnPlateau(0.5, patience=0, min_delta=0.1))
    take = lambda net, epoch: copies.append(net.copy())  # noqa: E731
    net = trained(record=2, optimizer=optimizer, callbacks=[keep, take])
    for model in [*tmp_path.iterdir(), *copies, net]:
        assert fm.verify(model, X, Y)
    assert [len(one.record.fits[0].digests) for one in copies] == [1, 2, 3, 4, 5, 6]
    # and its training may go on
    trained(copies[2])
    assert fm.verify(copies[2], X, Y)


def test_what_classes_were_called_is_in_the_record(tmp_path):
    for given in (Y, np.array(["healthy", "ill"])[Y]):
        net = network()
        net.classes = ["healthy", "ill"]
        net.fit(X, given, epochs=2, record=True)
        assert fm.verify(net, X, given)
        head = net.record.head
        net.classes = ["ill", "healthy"]
        net.save(tmp_path / "model.safetensors")
        if given is Y:
            assert fm.verify(tmp_path / "model.safetensors", X, Y).sentence == (
                "the classes are 'ill', 'healthy' here and 'healthy', 'ill' in the record."
            )
        else:
            assert not fm.verify(tmp_path / "model.safetensors", X, given)
        # who says that they were always called so has another head
        model_of(net).record.fits[0].classes = ["ill", "healthy"]
        assert net.record.head != head
        net.classes = None
        assert "the classes are without names here" in fm.verify(net, X, Y).sentence
    # named after the fit: the record does not know
    net = trained()
    net.classes = ["healthy", "ill"]
    assert fm.verify(net, X, Y)


def test_wrong_usage_is_said_in_a_sentence():
    net, plain = trained(), fm.Network(2, [fm.Dense(2, "softmax")])
    cases = [
        (ValueError, "the network has no record of its training", lambda: fm.verify(network(), X, Y)),
        (TypeError, "model must be a Network or the path", lambda: fm.verify(3, X, Y)),
        (ValueError, "the record keeps no states to begin from", lambda: fm.verify(net, X, Y, segments=1)),
        (ValueError, "segments must be", lambda: fm.verify(net, X, Y, segments=0)),
        (ValueError, "X has 2 entries, but the record has 1 fit", lambda: fm.verify(net, [X, X], [Y, Y])),
        (ValueError, "X has 1 column, but", lambda: fm.verify(net, X[:, :1], Y)),
        (ValueError, "record must be", lambda: trained(record=0)),
        (TypeError, "record must be True or False", lambda: trained(record=None)),
        (TypeError, "record must be True or False, or a number of epochs", lambda: trained(record="yes")),
        (ValueError, "cannot be kept in a record", lambda: trained(plain, optimizer="lbfgs", batch_size=None)),
        (ValueError, "record needs arrays X and y", lambda: network().fit([(X, Y)], epochs=1, record=True)),
    ]
    for kind, sentence, call in cases:
        with pytest.raises(kind, match=sentence):
            call()


def test_a_record_can_be_read_by_a_person():
    assert repr(trained().record).startswith("Record(1 fit, 6 epochs, whole, head ")
    lines = str(trained(record=3).record).splitlines()
    assert lines[0].startswith("record whole; seed 3, fastmlp ")
    assert lines[1].startswith("fit 1: 6 epochs of 160 rows, batch_size 16, adam (learning_rate=0.001, beta1=0.9")
    assert lines[3] == "       states kept after 2 epochs"
    assert digest_of(trained().get_parameters()) == trained().record.last


def test_the_file_of_a_network_without_a_record_is_as_it_was():
    description, tensors = model_file.with_record(model_file.Content(model_of(trained(record=False)), None, {}))
    assert "record" not in description
    assert not any(name.startswith("record") for name in tensors)


def test_a_network_whose_scaling_another_fit_has_learned_has_no_record():
    net = fm.Network(2, [fm.Standardize(), fm.Dense(1)], seed=0)
    with pytest.raises(FloatingPointError):
        net.fit(X * 3, X[:, 0], optimizer=fm.SGD(1e30), epochs=1)
    assert (
        net.get_parameters().tobytes()
        == fm.Network(2, [fm.Standardize(), fm.Dense(1)], seed=0).get_parameters().tobytes()
    )
    with pytest.raises(ValueError, match="are not those that seed 0 gives"):
        net.fit(X, X[:, 0], epochs=1, record=True)


def test_many_short_fits_stay_within_the_limits_of_a_file(tmp_path, monkeypatch):
    net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
    for _ in range(60):
        net.fit(X[:16], Y[:16], epochs=1, record=1, progress=False)
    net.save(tmp_path / "model.safetensors")
    # what a header holds does not grow with them
    assert int.from_bytes((tmp_path / "model.safetensors").read_bytes()[:8], "little") < 4000
    assert str(fm.load(tmp_path / "model.safetensors").record) == str(net.record)
    assert fm.verify(net, X[:16], Y[:16])
    monkeypatch.setattr(recorder, "MOST_KINDS", 20)
    net.fit(X[:16], Y[:16], epochs=1, record=1)
    for rows in range(17, 36):
        net.fit(X[:rows], Y[:rows], epochs=1, record=1)
    with pytest.raises(ValueError, match="a record holds at most 20 fits in a row that differ"):
        net.fit(X[:9], Y[:9], epochs=1, record=1)


def test_a_checkpoint_that_lacks_the_record_of_its_training_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    trained(checkpoint=fm.Checkpoint(path))
    with path.open("rb") as file:
        kept = checkpoint_file.read(file, path.stat().st_size)
    checkpoint_file.write(*model_file.description_of(kept.content), kept.state, path)
    with pytest.raises(fm.ModelFileError, match="it lacks the record of its training"):
        trained(checkpoint=fm.Checkpoint(path))
