import math
import os

import pytest

from onnxprobe import machine


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Write what control groups say, by file; this process is in ``/pod/app``."""
    own = tmp_path / "own"
    own.write_text("12:cpu:/elsewhere\n0::/pod/app\n")
    monkeypatch.setattr(machine, "_GROUPS", tmp_path)
    monkeypatch.setattr(machine, "_OWN", own)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    return write


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"memory.max": "1000000\n"}, 1_000_000),
        ({"memory.max": "max\n"}, math.inf),
        ({"pod/memory.max": "1000\n", "pod/app/memory.max": "max\n"}, 1000),
        ({"memory/memory.limit_in_bytes": "2000000\n"}, 2_000_000),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, math.inf),
        ({}, math.inf),
    ],
)
def test_a_container_may_have_less_memory_than_the_machine(groups, files, limit):
    groups(files)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.memory() == min(whole, limit)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "250000 100000\n"}, 3),
        ({"cpu.max": "5000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n", "pod/cpu.max": "400000 100000\n"}, 4),
        ({"pod/app/cpu.max": "1000000 50000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
    ],
)
def test_a_container_may_have_less_time_than_its_cores(groups, files, cores):
    groups(files)
    assert machine.cores() == cores


@pytest.mark.usefixtures("groups")
def test_only_the_cores_that_this_process_may_use_count(monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert machine.cores() == 3


def test_without_control_groups_the_machine_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_OWN", tmp_path / "none")
    monkeypatch.setattr(machine, "_GROUPS", tmp_path)
    assert machine.cores() >= 1
