"""The library as part of a process: what could go wrong, and which test sees it.

The process ends in an abort because a thread of it was computing when the interpreter came to its end (daemon
threads), or because the system did not give it a second thread (refused threads). A call imports what it could do
without, which is slow once (no call imports); a process is forked meanwhile, and its child waits for the import for
ever (forked amid an import). A fit is lost for its progress bar (standard error).

Each scenario is a program of its own, since it may end, hang or be limited for good.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A hang is what the time-out is for: many times what a scenario takes on a busy machine.
TIMEOUT_SECONDS = 60


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


# ---- the end of the interpreter ----

# Python asks a thread to end where it wants the GIL back, so the main thread gives it away for a while when the
# interpreter is at its end: each of the others then comes to that point.
ENDS = """
import os, sys, threading, time
import numpy as np
import fastmlp as fm

X = np.random.default_rng(0).normal(size=(200, 10))
y = (X[:, 0] > 0).astype(int)
path = os.path.join(sys.argv[1], "net.safetensors")


def new():
    return fm.Network(10, [fm.Dense(20, "relu"), fm.Dense(2, "softmax")], seed=0)


new().save(path)
calls = [
    lambda net: new(),
    lambda net: net.fit(X, y, epochs=1),
    lambda net: net.fit([(X, y)], epochs=1),
    lambda net: net.partial_fit(X, y),
    lambda net: net.learn(X[0], y[0]),
    lambda net: net.predict(X),
    lambda net: net.predict_proba(X.tolist()),
    lambda net: net.evaluate(X, y),
    lambda net: net.gradients(X, y),
    lambda net: net.activations(X),
    lambda net: fm.load(path),
]
begun = threading.Barrier(len(calls) + 1)


def repeat(call):
    net = new()
    call(net)
    begun.wait()
    while True:
        call(net)


for call in calls:
    threading.Thread(target=repeat, args=(call,), daemon=True).start()


class SleepsAtTheEnd:
    def __del__(self, sleep=time.sleep):
        sleep(0.2)


sleeps_at_the_end = SleepsAtTheEnd()
begun.wait()
sys.exit(7)
"""


def test_the_interpreter_ends_quietly_while_daemon_threads_compute(tmp_path):
    ended = run(ENDS, str(tmp_path))
    assert (ended.returncode, ended.stderr) == (7, "")


# ---- threads that the system does not give ----

REFUSED = r"""
import hashlib, os, re, resource, sys, warnings
import numpy as np
import fastmlp as fm
from fastmlp._core import _testing

X = np.random.default_rng(0).normal(size=(600, 10))
y = (X[:, 0] > 0).astype(int)
_testing.enable_planner(False)  # which would not give threads to so little work


def train():
    net = fm.Network(10, [fm.Dense(20, "relu"), fm.Dense(2, "softmax")], seed=0)
    net.fit(X, y, epochs=2)
    print(hashlib.sha256(net.get_parameters().tobytes() + net.predict_proba(X).tobytes()).hexdigest())


limit = sys.argv[1]
if limit == "processes":
    if os.getuid() == 0:
        os.setuid(65534)  # the limit is not for root
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
elif limit == "address space":
    used = int(re.search(r"VmSize:\s+(\d+) kB", open("/proc/self/status").read()).group(1)) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    train()
    print(fm.get_num_threads())
    train()
for warning in caught:
    print(warning.category.__name__, warning.filename, str(warning.message).split(";")[0])
"""


@pytest.fixture(scope="module")
def bits_on_one_thread() -> str:
    return run(REFUSED, "none", OMP_NUM_THREADS="1").stdout.split()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="these limits are kept by Linux")
@pytest.mark.parametrize(
    ("limit", "stack", "left"),
    # A process that may take 300 MB more has room for no stack of 1 GB, and for two of 143360 KB, one of them to spare.
    [("processes", "", 1), ("address space", "1G", 1), ("address space", "143360", 2)],
)
def test_where_the_system_refuses_threads_a_call_goes_on_with_those_it_has_and_says_so_once(
    limit, stack, left, bits_on_one_thread
):
    if limit == "processes" and os.getuid() == 0 and not may_become_another_user():
        pytest.skip("root may not become another user here, and the limit is not for root")
    stacks = {"OMP_STACKSIZE": stack} if stack else {}
    refused = run(REFUSED, limit, OMP_NUM_THREADS="4", **stacks)
    assert refused.returncode == 0, refused.stderr
    assert refused.stdout.splitlines() == [
        bits_on_one_thread,
        str(left),
        bits_on_one_thread,
        f"RuntimeWarning <string> the system refused to start more threads: fastmlp runs on {left} from here on",
    ]


def may_become_another_user() -> bool:
    return run("import os; os.setuid(65534)").returncode == 0


# ---- imports ----

IMPORTS = """
import os, sys
import numpy.random
import fastmlp as fm

X = [[float(i % 7), float(i % 3)] for i in range(60)]
y, values = [i % 2 for i in range(60)], [i / 60 for i in range(60)]
path = os.path.join(sys.argv[1], "net-{}.safetensors")
layers = [fm.Standardize(), fm.Dense(5, "relu"), fm.LayerNorm(), fm.Dropout(0.1), fm.Dense(2, "softmax")]
before = set(sys.modules)
fm.Network(2, [fm.RobustScale(), fm.Dense(1)], scale_targets=True).fit(
    X, values, validation_fraction=0.2, metrics=["r2", "mae", "rmse"]
)
net = fm.Network(2, layers)
net.fit(
    X,
    y,
    epochs=2,
    optimizer=fm.SGD(fm.schedules.ReduceOnPlateau(0.1, monitor="validation_auc")),
    sample_weight=[1.0] * 60,
    validation_fraction=0.2,
    metrics=["accuracy", "auc", "log_loss", fm.metrics.TopK(1)],
    callbacks=[fm.EarlyStopping(), fm.ModelCheckpoint(path.format("{epoch}"))],
)
net.fit(X, [["no", "yes"][label] for label in y], validation_data=(X, y))
net.fit([(X, y)])
net.partial_fit(X, y)
net.learn(X[0], y[0])
for call in (net.predict, net.predict_proba, net.forward, net.activations):
    call(X)
net.evaluate(X, y)
net.loss(X, y)
net.gradients(X, y)
fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)]).check_gradients(X, values)
net.save(path.format("saved"))
fm.load(path.format("saved"))
net.summary(), repr(net)
for wrong in ([[1.0]], [["a", "b"]], None):
    try:
        net.fit(wrong, y)
    except (ValueError, TypeError):
        pass
print(sorted(set(sys.modules) - before))
"""


def test_no_call_imports_anything(tmp_path):
    # Not here: L-BFGS, the progress bar, and numpy.random where NumPy imports it late; the next test is about these.
    imported = run(IMPORTS, str(tmp_path))
    assert (imported.stdout, imported.stderr) == ("[]\n", "")


FORKS = """
import os, signal, sys, threading, time
import fastmlp.runtime

sys.path.insert(0, sys.argv[1])
thread = threading.Thread(target=fastmlp.runtime.imported, args=("takes_long",))
thread.start()
while "takes_long" not in sys.modules:
    time.sleep(0.001)
child = os.fork()
if child == 0:
    signal.alarm(20)
    assert fastmlp.runtime.imported("takes_long").done
    os._exit(7)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_process_that_is_forked_amid_an_import_finds_the_module(tmp_path):
    (tmp_path / "takes_long.py").write_text("import time\ntime.sleep(0.2)\ndone = True\n")
    forked = run(FORKS, str(tmp_path))
    assert (forked.stdout, forked.stderr) == ("7\n", "")


# ---- a standard error that is gone ----

PROGRESS = """
import os, sys
import fastmlp as fm

X, y = [[float(i)] for i in range(40)], [i % 2 for i in range(40)]
if sys.argv[1] == "none":
    sys.stderr = None
elif sys.argv[1] == "closed":
    sys.stderr.close()
elif sys.argv[1] == "descriptor closed":
    os.close(2)
elif sys.argv[1] == "reader gone":
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 2)
for data in ((X, y), ([(X, y)],)):
    for wanted in (True, None):
        history = fm.Network(1, [fm.Dense(2, "softmax")]).fit(*data, epochs=3, progress=wanted)
        print(len(history["loss"]), end=" ")
"""


@pytest.mark.parametrize("gone", ["none", "closed", "descriptor closed", "reader gone"])
def test_a_fit_without_a_standard_error_shows_no_bar(gone):
    assert run(PROGRESS, gone).stdout == "3 3 3 3 "


# ---- sub-interpreters ----

SUB_INTERPRETER = """
import _xxsubinterpreters as interpreters
import sys

if sys.argv[1] == "imported before":
    import fastmlp
other = interpreters.create()
try:
    interpreters.run_string(other, "import fastmlp")
except interpreters.RunFailedError as failure:
    print(failure)
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python says itself that a module does not take them")
@pytest.mark.parametrize("when", ["first", "imported before"])
def test_a_sub_interpreter_is_told_in_a_sentence_that_it_cannot_import_fastmlp(when):
    told = run(SUB_INTERPRETER, when).stdout
    assert "fastmlp cannot be imported in a sub-interpreter: use the main one, or a process of its own." in told
