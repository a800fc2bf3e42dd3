"""Threads are no more than the processors that the process may use: what it is bound to, and its container's quota.

What could go wrong: a container with two processors on a machine of 64 gets 64 threads, which wait for each other; a
quota of a group above is overlooked; a file that is missing or odd ends the import.
"""

import os
import sys

import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._core import _testing


def groups(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("files", "own_group", "processors"),
    [
        ({"cpu.max": "200000 100000\n"}, "0::/\n", 2),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 2),  # a part of one counts
        ({"cpu.max": "1000 100000\n"}, "0::/\n", 1),
        ({"cpu.max": "max 100000\n"}, "0::/\n", 0),
        ({}, "0::/\n", 0),
        ({"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, "0::/a/b\n", 3),  # of the group above
        ({"a/b/cpu.max": "100000 50000\n", "a/cpu.max": "300000 100000\n"}, "0::/a/b\n", 2),
        ({"cpu.max": "400000 100000\n"}, "0::/not/seen/from/here\n", 4),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "3:cpu,cpuacct:/\n0::/\n", 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "3:cpu,cpuacct:/\n", 0),
        ({"cpu/g/cpu.cfs_quota_us": "5\n", "cpu/g/cpu.cfs_period_us": "0\n"}, "1:cpu:/g\n", 0),
        ({"cpu.max": "many 1\n"}, "0::/\n", 0),
        ({"cpu.max": ""}, "0::/\n", 0),
        ({"cpu.max": "200000 100000\n"}, "nonsense", 0),
        ({"cpu.max": "200000 100000\n"}, "0::no/root\n", 2),
        ({}, "", 0),
    ],
)
def test_the_quota_is_read_from_control_groups(tmp_path, files, own_group, processors):
    assert _testing.processors_in_quota(groups(tmp_path, files), own_group) == processors


def print_threads():
    print(fm.get_num_threads())


def print_threads_bound_to_one():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(fm.get_num_threads())


def test_openmp_may_ask_for_more_threads_than_there_are_processors(in_new_process):
    most = len(os.sched_getaffinity(0))
    assert int(in_new_process(print_threads, OMP_NUM_THREADS=str(4 * most))) <= most


def test_a_process_that_is_bound_to_one_processor_has_one_thread(in_new_process):
    assert int(in_new_process(print_threads_bound_to_one, OMP_NUM_THREADS="2")) == 1


def test_the_count_is_that_of_the_system():
    assert 1 <= _core.available_processors() <= len(os.sched_getaffinity(0))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
