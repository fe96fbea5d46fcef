import signal
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from store_parts import content

from onnxprobe.devices import ON_CPU
from onnxprobe.embed import devices, growth, team, work
from onnxprobe.embed.engines import Local
from onnxprobe.embed.growth import Growth
from onnxprobe.errors import DeviceError, StoreError
from onnxprobe.store.account import Account

STARVED = Account(("cpu",), "float32", 1.0, 20_000, 10.0, 4.0, 1.0, 1.0, decoders=2, runners=2)
MANY = 1_000_000
AS_MANY_AS_PAY = Local(workers=None)


@pytest.fixture
def four_cores(monkeypatch):
    """Four cores, of which three lie idle."""
    clock(monkeypatch, idle=3)


def clock(monkeypatch, *, idle):
    """A second passes between two looks, in which so many of four cores lie idle."""
    seconds = count(0.0, 1.0)
    monkeypatch.setattr(growth, "cores", lambda: 4)
    monkeypatch.setattr(growth, "perf_counter", lambda: next(seconds))
    lain = count(0.0, float(idle))
    monkeypatch.setattr(growth, "_idle", lambda: next(lain))


@pytest.fixture
def eager(monkeypatch):
    """Whatever the work is like, it is taken to be worth several processes after a batch."""
    for name, value in (("_SEEN", 0), ("_WORTH", 0), ("_BUSY", 99), ("cores", lambda: 2)):
        monkeypatch.setattr(growth, name, value)
    monkeypatch.setattr(work, "SECONDS_BETWEEN_LOOKS", -1)


def judged(account, left, rows=16_384, most=16):
    found = Growth(threading.Event(), rows, most)
    found.look(replace(account, seconds=1.0), left)
    assert not found.is_set()
    found.look(account, left)
    assert found.is_set() == (found.workers > 1)
    return found.workers


@pytest.mark.usefixtures("four_cores")
def test_where_neither_a_stage_nor_the_cores_are_busy_more_processes_pay():
    assert judged(STARVED, MANY) == 4
    assert judged(STARVED, MANY, rows=MANY // 3) == 4
    assert judged(STARVED, MANY, rows=MANY // 2) == 2  # no more than there are shards


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    "changes",
    [{"infer": 19.0}, {"decode": 16.0}, {"write": 8.0}, {"seconds": 4.0}],
    ids=["the network", "decoding", "writing", "too early"],
)
def test_where_a_stage_is_busy_one_process_does(changes):
    assert judged(replace(STARVED, **changes), MANY) == 1


@pytest.mark.usefixtures("four_cores")
def test_what_ends_soon_is_ended_by_one_process():
    assert judged(STARVED, 39_999) == 1
    assert judged(STARVED, 40_000) > 1


def test_where_others_keep_the_cores_busy_one_process_does(monkeypatch):
    clock(monkeypatch, idle=0.9)
    assert judged(STARVED, MANY) == 1
    clock(monkeypatch, idle=1.1)
    assert judged(STARVED, MANY) == 4


def test_cores_that_lay_idle_before_the_first_look_do_not_count(monkeypatch):
    """Then the network was loaded, with one thread."""
    clock(monkeypatch, idle=0)
    monkeypatch.setattr(growth, "_idle", lambda: 1e6)
    assert judged(STARVED, MANY) == 1


@pytest.mark.usefixtures("four_cores")
def test_no_more_processes_than_threads_were_asked_for():
    assert judged(STARVED, MANY, most=3) == 3
    assert judged(STARVED, MANY, most=1) == 1


@pytest.mark.usefixtures("four_cores")
def test_no_more_processes_than_memory_holds(monkeypatch):
    monkeypatch.setattr(growth, "_fitting", lambda: 0)
    assert judged(STARVED, MANY) == 1


def test_it_is_asked_to_stop_by_others_as_well():
    stop = threading.Event()
    asked = Growth(stop, 1, 8)
    assert not asked.wait(0)
    stop.set()
    assert asked.is_set()
    assert asked.wait(0)


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="nobody says how long cores are idle")
def test_cores_have_lain_idle_for_some_time():
    assert growth._idle() > 0


def test_half_of_the_memory_holds_some_such_processes(monkeypatch):
    monkeypatch.setattr(growth, "memory", lambda: 1 << 50)
    assert growth._fitting() > 8
    monkeypatch.setattr(growth, "memory", lambda: 1 << 20)
    assert growth._fitting() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_what_one_process_begins_and_several_end_is_the_same_to_the_bit(run, tmp_path):
    told, accounts = [], []
    run(
        "grown/e.h5",
        engine=AS_MANY_AS_PAY,
        progress=lambda *said: told.append(said),
        account=accounts.append,
    )
    run("one/e.h5")
    assert content(tmp_path / "grown/e.h5") == content(tmp_path / "one/e.h5")
    assert told[-1] == ("embed", 40, 40)
    assert sum(account.pictures for account in accounts) == 40
    assert len(accounts) == 2


@pytest.mark.slow
def test_as_many_processes_as_one_says_give_the_same_bits(run, tmp_path):
    run("two/e.h5", engine=Local(workers=2), batch=None)
    run("one/e.h5", batch=None)
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")


@pytest.mark.usefixtures("eager")
def test_where_several_cannot_work_one_goes_on(run, tmp_path, monkeypatch):
    def refuse(*_):
        raise DeviceError("no room on it")

    monkeypatch.setattr(devices, "_together", refuse)
    with pytest.warns(
        RuntimeWarning, match=r"2 processes would be faster .* \(no room on it\); one"
    ):
        run("grown/e.h5", engine=AS_MANY_AS_PAY)
    run("one/e.h5")
    assert content(tmp_path / "grown/e.h5") == content(tmp_path / "one/e.h5")


@pytest.mark.usefixtures("eager")
def test_who_asks_to_stop_gets_no_further_processes(run, monkeypatch):
    monkeypatch.setattr(devices, "_together", lambda *_: pytest.fail("it went on"))

    def stop(*_):
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(StoreError, match=r"^stopped after .* of 40 pictures"):
        run(engine=AS_MANY_AS_PAY, progress=stop)


@pytest.mark.usefixtures("eager")
def test_what_takes_long_to_load_is_loaded_once(run, monkeypatch):
    monkeypatch.setattr(devices, "_together", lambda *_: pytest.fail("it went on"))
    once = replace(ON_CPU, kind=replace(ON_CPU.kind, repeats=False))
    run(engine=AS_MANY_AS_PAY, devices=(once,))


@pytest.mark.usefixtures("eager")
def test_pictures_that_cannot_be_sent_are_read_by_one_process(run, pictures, tmp_path):
    class Mine:
        kind, path, names = "mine", pictures.path, pictures.names
        read = staticmethod(pictures.read)

    with pytest.warns(RuntimeWarning, match="no process could be started: Can't (pickle|get)"):
        run("grown/e.h5", engine=AS_MANY_AS_PAY, source=Mine())
    run("one/e.h5")
    assert content(tmp_path / "grown/e.h5") == content(tmp_path / "one/e.h5")


@pytest.mark.usefixtures("eager")
def test_where_the_machine_has_no_room_for_processes_one_goes_on(run, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(team.multiprocessing.context.SpawnContext, "Pipe", full)
    with pytest.warns(RuntimeWarning, match=r"no process could be started: .*No space left"):
        assert len(run(engine=AS_MANY_AS_PAY)) == 37


def test_one_process_is_enough_for_little(run):
    accounts = []
    run(engine=AS_MANY_AS_PAY, account=accounts.append, devices=(ON_CPU,))
    assert [account.pictures for account in accounts] == [40]
