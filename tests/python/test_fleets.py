"""Many networks trained in one call: what could go wrong, and which test sees it.

A member gets other bits than from its own fit, by its neighbours, by threads or by rows taken by their numbers (random
fleets; forty of them on all targets: python tests/python/random_fleets.py), X is copied for each member (memory), a
callback runs on another thread or sees a network amid a slice (where callbacks run, tests/core/test_crew.py), one that
diverges takes the others with it, a mistake in one of many arguments is found after an hour or leaves others changed
(refused before anything changes), Ctrl-C or a callback's error leaves networks locked (interrupted fleets), a forked
child waits for threads that it does not have (fork in a callback), what the clock decided cannot be repeated (plans),
another process gives other bits, or what cannot be sent there an error that nobody understands (executors), a fleet
that was ended begins anew, or ends too early (checkpoints).
"""

import os
import re
import signal
import threading
import tracemalloc
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest
from ended_fits import EndAt, Ended
from random_fleets import bits, columns, differences

import fastmlp as fm
from fastmlp._training import fleet

X, Y = fm.datasets.moons(90)


def network(seed=0, n_inputs=2, **settings):
    return fm.Network(n_inputs, [fm.Dense(6, "tanh"), fm.Dense(2, "softmax")], seed=seed, **settings)


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("seed", [1000, 1001, 1002])
def test_a_fleet_has_the_bits_of_its_members_own_fits(seed, threads):
    assert differences(seed, threads) == []


def test_each_network_may_have_data_of_its_own():
    nets, alone = [network(0), network(1, n_inputs=3)], [network(0), network(1, n_inputs=3)]
    own_X, own_y = [X, np.column_stack([X, X[:, 0]])[:50]], [Y, Y[:50]]
    histories = fm.fit_many(nets, own_X, own_y, rows=[slice(0, 40), None])
    expected = [alone[0].fit(X[:40], Y[:40]), alone[1].fit(own_X[1], own_y[1])]
    assert [bits(net) for net in nets] == [bits(net) for net in alone]
    assert [columns(history) for history in histories] == [columns(history) for history in expected]


def test_lists_of_numbers_are_one_array():
    net, other = network(), network()
    fm.fit_many([net], X.tolist(), Y.tolist(), rows=[[1, 2, 3, 1]])
    other.fit(X[[1, 2, 3, 1]], Y[[1, 2, 3, 1]])
    assert bits(net) == bits(other)


@pytest.mark.parametrize("scaling", [fm.Standardize(), fm.RobustScale()])
def test_the_data_are_not_copied(scaling):
    wide = np.random.default_rng(0).normal(size=(80000, 100))
    labels = np.arange(80000) % 2
    nets = [fm.Network(100, [scaling, fm.Dense(2, "softmax")], seed=seed) for seed in range(6)]
    rest = [np.arange(80000) % 6 == seed for seed in range(6)]
    rows = [np.flatnonzero(~one) for one in rest]
    tracemalloc.start()
    fm.fit_many(nets, wide, labels, rows=rows, validation_rows=rest, settings={"epochs": 1})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # of each member its row numbers and labels, of one at a time some columns; a copy has 5/6 of them all
    assert peak < 0.6 * wide.nbytes


def test_callbacks_run_on_the_calling_thread_and_see_whole_epochs():
    seen = []

    def look(net, epoch):
        seen.append((threading.get_ident(), net.seed, epoch["epoch"], net.evaluate(X, Y)["loss"]))

    nets = [network(seed) for seed in range(5)]
    histories = fm.fit_many(nets, X, Y, settings={"epochs": 4, "callbacks": [look], "validation_data": (X, Y)})
    assert {ident for ident, *_ in seen} == {threading.get_ident()}
    for seed, history in enumerate(histories):
        assert [loss for _, own, _, loss in seen if own == seed] == history["validation_loss"]


def test_one_that_diverges_says_so_and_the_others_go_on():
    nets = [network(seed) for seed in range(3)]
    settings = [{"epochs": 6}, {"epochs": 6, "optimizer": fm.SGD(1e39)}, {"epochs": 6}]
    good, diverged, last = fm.fit_many(nets, X, Y, settings=settings)
    with pytest.raises(FloatingPointError, match=f"^{re.escape(str(diverged.error))}$"):
        network(1).fit(X, Y, epochs=6, optimizer=fm.SGD(1e39))
    assert good.error is None
    assert len(good["loss"]) == len(last["loss"]) == 6
    assert np.isfinite(nets[1].get_parameters()).all()


NETS = [network(0), network(1)]
STOPPING = fm.EarlyStopping(monitor="loss")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"networks": []}, "networks is empty"),
        ({"networks": NETS[0]}, "networks must be a list"),
        ({"networks": [NETS[0], "net"]}, r"networks\[1\] must be a Network, got 'net'"),
        ({"networks": [NETS[0], NETS[0]]}, r"networks\[0\] and networks\[1\] are the same"),
        ({"y": None}, "got no y: batches are for the fit of one network"),
        ({"y": Y[:-1]}, "y has 89 rows, but X has 90"),
        ({"y": 1}, "y has one value, but X has 90"),
        ({"X": [X, X, X], "y": [Y, Y, Y]}, "X has 3 entries, but must have one for each of 2"),
        ({"X": [X, X], "y": Y}, "y has 90 entries, but must have one for each of 2"),
        ({"X": np.where(X[7, 1] == X, np.nan, X)}, "X holds NaN in row 7, column 1"),
        ({"rows": [[0, 1]]}, "rows has 1 entries, but must have one for each of 2"),
        ({"rows": [None, []]}, r"rows\[1\] chooses no rows"),
        ({"rows": [None, [0.5]]}, r"rows\[1\] must be integers, a slice or a mask of 90 bools"),
        ({"rows": [None, 3]}, r"rows\[1\] must be integers"),
        ({"rows": [None, [0, 90]]}, r"rows\[1\] must be from -90 to 89, for as many rows, got 90"),
        ({"rows": [None, [True, False]]}, r"rows\[1\] must be .* got a mask of 2"),
        ({"validation_rows": [None, [90]]}, r"validation_rows\[1\] must be from"),
        (
            {"validation_rows": [None, [1]], "settings": {"validation_fraction": 0.1}},
            r"validation_rows\[1\] and the settings both say",
        ),
        ({"settings": [{}, {"epoch": 3}]}, r"settings\[1\] has 'epoch', but fit takes epochs, batch_size"),
        ({"settings": {"progress": True}}, "settings has 'progress', but a fleet shows one for all"),
        ({"settings": [{}, [3]]}, r"settings\[1\] must be a dict"),
        ({"settings": [{}, {"epochs": 0}]}, r"of networks\[1\]: epochs must be an integer of at least 1"),
        ({"settings": [{}, {"optimizer": "lbfgs", "batch_size": None}]}, r"of networks\[1\]: .* but lbfgs searches"),
        ({"settings": [{}, {"sample_weight": [1.0]}]}, r"of networks\[1\]: sample_weight has shape"),
        ({"settings": {"callbacks": [STOPPING]}}, r"settings\[0\] and settings\[1\] share one EarlyStopping"),
        ({"progress": "bar"}, "progress must be"),
        ({"time_limit": 0}, "time_limit must be above 0"),
        ({"plan": [None, -1]}, r"plan\[1\] must be an integer of at least 0"),
        ({"plan": [3]}, "plan has 1 entries, but must have one for each of 2"),
        ({"executor": 4}, r"executor must be an Executor of concurrent\.futures, got 4"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_changes(wrong, sentence):
    before = [bits(net) for net in NETS]
    given = {"networks": NETS, "X": X, "y": Y} | wrong
    with pytest.raises((ValueError, TypeError), match=sentence):
        fm.fit_many(**given)
    assert [bits(net) for net in NETS] == before
    NETS[0].copy().fit(X, Y, epochs=1)
    for net in NETS:
        net.set_parameters(net.get_parameters())  # nobody holds it


def test_names_of_classes_are_not_learned_where_another_member_is_refused():
    nets = [network(0), network(1)]
    with pytest.raises(ValueError, match="epochs must be"):
        fm.fit_many(nets, X, np.array(["a", "b"])[Y], settings=[{}, {"epochs": -1}])
    assert nets[0].classes is None


def test_a_warning_stands_at_the_line_of_the_call():
    net = fm.Network(2, [fm.Dense(1)], seed=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fm.fit_many([net], X, 1e6 + X[:, :1], settings={"epochs": 1, "optimizer": fm.SGD(1e-9)})
    assert [os.path.basename(one.filename) for one in caught] == ["test_fleets.py"]


# ---- a clock, and its plan ----


@pytest.fixture
def ticking(monkeypatch):
    """Give a callback by which every epoch takes a second of the fleet's clock."""
    now = [0.0]
    monkeypatch.setattr(fleet, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def tick(net, epoch):
        now[0] += 1.0

    return tick


def six_networks():
    return [network(seed) for seed in range(6)]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_the_clock_decided_is_a_plan_that_gives_the_same_bits(ticking, threads):
    settings = {"epochs": 5, "optimizer": fm.Adam(fm.schedules.Cosine(0.1))}
    nets, again = six_networks(), six_networks()
    with fm.num_threads(threads):
        histories = fm.fit_many(nets, X, Y, settings=settings | {"callbacks": [ticking]}, time_limit=11.0)
    assert histories.plan[-1] is not None
    if threads == 1:
        assert histories.plan == [None, None, 1, 0, 0, 0]
        assert bits(nets[-1]) == bits(network(5))
    for history, planned in zip(histories, histories.plan, strict=True):
        assert len(history.epochs) == (5 if planned is None else planned)
    replayed = fm.fit_many(again, X, Y, settings=settings, plan=histories.plan)
    assert replayed.plan == histories.plan
    assert [bits(net) for net in again] == [bits(net) for net in nets]
    assert [columns(history) for history in replayed] == [columns(history) for history in histories]


def test_no_epoch_begins_that_would_not_be_done_in_time(ticking):
    histories = fm.fit_many([network()], X, Y, settings={"epochs": 50, "callbacks": [ticking]}, time_limit=10.5)
    assert histories.plan == [10]


def test_names_of_classes_are_not_learned_by_a_network_that_did_not_begin():
    nets = [network(0), network(1)]
    fm.fit_many(nets, X, np.array(["a", "b"])[Y], plan=[1, 0])
    assert [net.classes for net in nets] == [["a", "b"], None]


# ---- executors ----


@pytest.mark.parametrize("seed", [1003, 1004])
def test_threads_of_an_executor_give_the_same_bits(seed):
    with ThreadPoolExecutor(2) as executor:
        assert differences(seed, 2, executor) == []


def test_processes_of_an_executor_give_the_same_bits():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert [differences(seed, 2, executor) for seed in (1005, 1006, 1007)] == [[], [], []]


def test_an_executor_obeys_the_clock_and_a_plan():
    nets, again, settings = six_networks(), six_networks(), {"epochs": 10**9}
    with ThreadPoolExecutor(2) as executor:
        histories = fm.fit_many(nets, X, Y, settings=settings, executor=executor, time_limit=0.5)
        replayed = fm.fit_many(again, X, Y, settings=settings, executor=executor, plan=histories.plan)
    assert None not in histories.plan
    assert replayed.plan == histories.plan
    assert [bits(net) for net in again] == [bits(net) for net in nets]


def test_what_cannot_be_sent_is_said():
    settings = [{}, {"callbacks": [lambda net, epoch: None]}]
    nets = [network(0), network(1)]
    said = r"settings\[1\] cannot be sent to another process: .*; give callbacks and metrics that are"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor, pytest.raises(ValueError, match=said):
        fm.fit_many(nets, X, Y, settings=settings, executor=executor)
    for net in nets:
        net.fit(X, Y, epochs=1)


def test_a_failure_elsewhere_ends_the_fleet():
    def fails(net, epoch):
        raise KeyError("there")

    nets = six_networks()
    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyError, match="there"):
        fm.fit_many(nets, X, Y, settings=[{}, {"callbacks": [fails]}, {}, {}, {}, {}], executor=executor)
    for net in nets:
        net.fit(X, Y, epochs=1)


# ---- what ends a fleet ----


@pytest.mark.parametrize("failure", [KeyError("a callback's"), KeyboardInterrupt()])
def test_what_a_callback_raises_ends_all_and_leaves_them_valid(failure):
    def fails(net, epoch):
        if net.seed == 1 and epoch["epoch"] == 3:
            raise failure

    nets = [network(seed) for seed in range(4)]
    with pytest.raises(type(failure)):
        fm.fit_many(nets, X, Y, settings={"epochs": 10**6, "callbacks": [fails]})
    for net in nets:
        net.fit(X, Y, epochs=1)
        assert np.isfinite(net.get_parameters()).all()


def test_ctrl_c_ends_a_fleet_and_leaves_it_valid():
    nets = [network(seed) for seed in range(4)]
    pressed = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    pressed.start()
    with pytest.raises(KeyboardInterrupt):
        fm.fit_many(nets, X, Y, settings={"epochs": 10**9})
    pressed.join()
    for net in nets:
        net.fit(X, Y, epochs=1)


def test_progress_is_of_all_networks(capsys):
    nets = [network(seed) for seed in range(3)]
    stops = [lambda net, epoch: epoch["epoch"] == 2]
    fm.fit_many(nets, X, Y, settings=[{"epochs": 5}, {"epochs": 7, "callbacks": stops}, {}], progress="lines")
    assert re.match(r"3/3 networks, loss [\d.]+: 100%\S* 1.98k/1.98k ", capsys.readouterr().err)


def test_a_child_that_was_forked_in_a_callback_does_not_wait_for_the_crew():
    ended = []

    def fork(net, epoch):
        if epoch["epoch"] == 2 and net.seed == 0:
            child = os.fork()
            if child == 0:
                signal.alarm(30)  # a hang ends the child, and with it the test
                raise SystemExit
            ended.append(os.waitpid(child, 0)[1])

    nets = [network(seed) for seed in range(4)]
    try:
        fm.fit_many(nets, X, Y, settings={"epochs": 50, "callbacks": [fork]})
    except SystemExit:
        os._exit(0)
    assert ended == [0]


def kept_fleet(folder, ends=None, **settings):
    """Train three networks, the second one with a callback that may end it; with files in a folder, or without."""
    nets = [network(seed) for seed in range(3)]
    common = {"batch_size": 16, "epochs": 5, "optimizer": fm.Adam(0.01)}
    if folder is not None:
        common["checkpoint"] = fm.Checkpoint(folder / "run-{network}.ckpt", steps=4)
    own = [common | {"callbacks": [EndAt(ends if index == 1 else None)]} for index in range(3)]
    rows = [np.arange(len(X)) % 4 != index for index in range(3)]
    histories = fm.fit_many(nets, X, Y, rows=rows, settings=own, **settings)
    return [bits(net) for net in nets], [columns(history) for history in histories]


@pytest.mark.parametrize("epoch", [2, 4])
def test_members_go_on_from_their_checkpoints(tmp_path, epoch):
    expected = kept_fleet(None)
    with pytest.raises(Ended):
        kept_fleet(tmp_path, epoch)
    assert kept_fleet(tmp_path) == expected
    assert kept_fleet(tmp_path) == expected
    assert sorted(os.listdir(tmp_path)) == ["run-0.ckpt", "run-1.ckpt", "run-2.ckpt"]


def test_a_plan_is_no_end_for_a_checkpoint(tmp_path):
    plan = [2, None, 0]
    expected = kept_fleet(None, plan=plan)
    assert kept_fleet(tmp_path, plan=plan) == expected
    # it may be asked for again
    assert kept_fleet(tmp_path, plan=plan) == expected
    assert kept_fleet(tmp_path) == kept_fleet(None)
    with pytest.raises(
        ValueError, match=r"^of networks\[0\]: .* has made 25 steps, more than the 10 of its plan: leave"
    ):
        kept_fleet(tmp_path, plan=plan)


def test_a_fleet_wants_a_file_for_each_and_no_executor(tmp_path):
    nets = [network(seed) for seed in range(2)]
    one = {"checkpoint": fm.Checkpoint(tmp_path / "run.ckpt")}
    with pytest.raises(ValueError, match=r"checkpoint has one path, .*, but 2 networks need one each: give Checkpoint"):
        fm.fit_many(nets, X, Y, settings=one)
    with pytest.raises(RuntimeError, match="in use by another training"):
        fm.fit_many(nets, X, Y, settings=[one, one])
    executor = SimpleNamespace(submit=None)
    executor.submit = lambda *task: None
    with pytest.raises(ValueError, match="a checkpoint is written by the process that trains"):
        fm.fit_many(nets[:1], X, Y, settings=one, executor=executor)
    assert os.listdir(tmp_path) == []
