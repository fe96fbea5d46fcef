import pytest

from onnxprobe import machine


@pytest.mark.parametrize(("text", "limit"), [("1000000\n", 1_000_000), ("max\n", None)])
def test_a_container_may_have_less_memory_than_the_machine(text, limit, tmp_path, monkeypatch):
    whole = machine.memory()
    (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "memory.max")
    assert machine.memory() == limit or (limit is None and machine.memory() >= whole)


def test_only_the_cores_that_this_process_may_use_count(monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert machine.cores() == 3
