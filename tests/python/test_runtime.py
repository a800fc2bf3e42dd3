"""Threads, targets, and what importing fastmlp brings along.

What could go wrong: a limit that is not put back, not passed to the core or that changes results, an environment
variable that is ignored or takes nonsense, an import that drags in what only some users need (each in a process of its
own), names of the package that do not exist, a thread that waits for ever since Ctrl-C has left Python's lock of
imports locked (a module that is there; seen on Python 3.10, whose import_module locks each time).
"""

import os
import subprocess
import sys

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.runtime import own_limit, thread_limit


def python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_the_limit_is_set_taken_away_and_put_back():
    allowed = fm.get_num_threads()
    assert thread_limit() == 0
    with fm.num_threads(1):
        assert (fm.get_num_threads(), thread_limit()) == (1, 1)
        with fm.num_threads(10**30):
            assert (fm.get_num_threads(), thread_limit()) == (allowed, 2**31 - 1)
        with pytest.raises(TypeError), fm.num_threads(2):
            len(3)
        assert thread_limit() == 1
    assert (fm.get_num_threads(), thread_limit()) == (allowed, 0)


def test_a_limit_of_ones_own_ends_with_its_block_though_ctrl_c_comes_at_its_end():
    class Interrupted(type(own_limit(1))):
        def __exit__(self, *failure):
            raise KeyboardInterrupt  # before the outer limit is put back

    with own_limit(3):
        with own_limit(2):
            assert thread_limit() == 2
        assert thread_limit() == 3
    with pytest.raises(KeyboardInterrupt) as raised, Interrupted(1):
        assert thread_limit() == 1
    del raised  # whose traceback holds it
    assert thread_limit() == 0


def test_the_number_of_threads_changes_no_bit():
    X, y = np.random.default_rng(0).normal(size=(300, 30)), np.arange(300) % 4
    results = []
    for n in (1, 2, None):
        net = fm.Network(30, [fm.Dense(100, "relu"), fm.Dense(4, "softmax")], seed=0)
        with fm.num_threads(n):
            net.fit(X, y, epochs=2)
            results.append((net.get_parameters(), net.gradients(X, y).ravel()))
    for parameters, gradients in results:
        assert np.array_equal(parameters, results[0][0])
        assert np.array_equal(gradients, results[0][1])


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True])
def test_a_limit_is_a_positive_integer(n):
    with pytest.raises((TypeError, ValueError), match=r"^n must be an integer of at least 1, got "):
        fm.set_num_threads(n)


def test_the_environment_sets_the_limit_at_import():
    program = "import fastmlp; from fastmlp.runtime import thread_limit; print(thread_limit())"
    assert python(program, FASTMLP_NUM_THREADS="1").stdout == "1\n"
    assert python(program, FASTMLP_NUM_THREADS="").stdout == "0\n"


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_wrong_limit_in_the_environment_is_an_error(text):
    error = python("import fastmlp", FASTMLP_NUM_THREADS=text).stderr.splitlines()[-1]
    assert error == (
        f"ValueError: FASTMLP_NUM_THREADS={text!r} is not a number of threads: "
        "set an integer of at least 1, or unset it."
    )


def test_a_wrong_target_in_the_environment_is_an_error_that_lists_the_choices():
    available = ", ".join(fm.available_targets())
    error = python("import fastmlp", FASTMLP_TARGET="avx1024").stderr.splitlines()[-1]
    assert error.endswith(
        f"FASTMLP_TARGET='avx1024' is not a target of this build; available on this CPU: {available}."
    )


@pytest.mark.parametrize("target", fm.available_targets())
def test_the_environment_forces_a_target(target):
    assert python("import fastmlp; print(fastmlp.active_target())", FASTMLP_TARGET=target).stdout == f"{target}\n"


def test_importing_fastmlp_imports_nothing_heavy():
    heavy = ("tqdm", "safetensors", "sklearn", "scipy", "matplotlib", "pandas", "asyncio", "multiprocessing")
    result = python(f"import fastmlp, sys; print([name for name in {heavy} if name in sys.modules])")
    assert result.stdout == "[]\n"


def test_every_public_name_exists():
    assert all(hasattr(fm, name) for name in fm.__all__)
    assert {"load", "save", "ModelFileError"} <= set(fm.__all__)
    assert dir(fm) == sorted([*fm.__all__, "__version__"])
    with pytest.raises(AttributeError, match="module 'fastmlp' has no attribute 'Layer'"):
        fm.Layer  # noqa: B018


def test_the_configuration_names_what_a_report_needs(capsys):
    fm.show_config()
    shown = capsys.readouterr().out
    for fact in (fm.__version__, np.__version__, fm.active_target(), "Python", "compiler", "threads"):
        assert fact in shown


LOCKED = """
import _imp, threading
from fastmlp.runtime import imported

found = [imported("calendar")]
_imp.acquire_lock()
thread = threading.Thread(target=lambda: found.append(imported("calendar")), daemon=True)
thread.start()
thread.join(20)
print(len(found), len(set(found)))
"""


def test_a_module_that_is_there_is_given_while_imports_are_locked():
    run = python(LOCKED)
    assert run.stdout == "2 1\n", run.stderr


FORKED = """
import os, sys, warnings
import fastmlp as fm

limit = int(sys.argv[1])
fm.set_num_threads(limit or None)
net = fm.Network(2, [fm.Dense(1)], seed=0)
child = os.fork()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net.predict([[1, 2]])
    net.predict([[1, 2]])
text = " ".join(str(warning.message) for warning in caught)
if child == 0:
    os._exit(len(caught) if not caught or "forked" in text else 99)
assert not caught, text
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("limit", [0, 1])
def test_a_forked_child_says_once_that_it_has_one_thread(limit):
    # Where the child loses no threads there is nothing to say.
    warnings = "1" if limit == 0 and fm.get_num_threads() > 1 else "0"
    environment = {**os.environ, "OMP_NUM_THREADS": "4"}
    run = subprocess.run(
        [sys.executable, "-c", FORKED, str(limit)], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == warnings, run.stderr
