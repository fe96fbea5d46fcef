import contextlib
import signal
import sys
import tarfile
from multiprocessing import get_context, resource_tracker
from multiprocessing.context import SpawnProcess
from types import SimpleNamespace

import numpy as np
import pytest
from store_parts import PROBES, content

from onnxprobe.devices import devices_of
from onnxprobe.embed import team as team_module
from onnxprobe.embed.engines import Local
from onnxprobe.embed.stop import NEVER
from onnxprobe.embed.team import Team, _signals_held
from onnxprobe.embed.watch import UNWATCHED
from onnxprobe.errors import DeviceError, OnnxprobeError, StoreError
from onnxprobe.images import open_source
from onnxprobe.store import Store
from onnxprobe.store.account import Account

TWO = devices_of("cpu,cpu")


@pytest.mark.slow
def test_two_processes_give_the_same_bits_as_one(run, tmp_path):
    told, accounts = [], []
    store = run(
        "two/e.h5", devices=TWO, progress=lambda *said: told.append(said), account=accounts.append
    )
    run("one/e.h5")
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")
    assert len(store) == 37
    assert told[-1] == ("embed", 40, 40)
    (account,) = accounts
    assert account.pictures == 40
    assert account.ran_on == ("cpu (CPUExecutionProvider)",) * len(account.ran_on)


@pytest.mark.slow
def test_each_process_opens_an_archive_for_itself(run, pictures, tmp_path):
    with tarfile.open(tmp_path / "p.tar", "w") as archive:
        for name in pictures.names:
            archive.add(pictures.path / name, name)
    store = run("two/e.h5", devices=TWO, source=open_source(tmp_path / "p.tar"))
    assert store.counts == run("one/e.h5").counts
    assert content(tmp_path / "two/e.h5").keys() == content(tmp_path / "one/e.h5").keys()
    for probe in PROBES:
        one, two = (Store.open(tmp_path / f"{n}/e.h5").embeddings(probe) for n in ("one", "two"))
        assert np.array_equal(one, two)


@pytest.mark.slow
def test_two_processes_go_on_where_one_was_stopped(run, tmp_path):
    run("two/e.h5", sample=20)
    run("two/e.h5", devices=TWO)
    run("one/e.h5")
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")
    run("two/e.h5", devices=TWO)  # nothing is left to do


@pytest.mark.slow
def test_asked_to_stop_all_processes_end_and_the_work_can_be_gone_on_with(run, tmp_path):
    asked = []

    def stop(*said):
        if not asked:
            signal.raise_signal(signal.SIGTERM)
        asked.append(said)

    with contextlib.suppress(StoreError):  # they may have been done before they were told
        run("two/e.h5", devices=TWO, progress=stop, threads=1)
    assert asked
    run("two/e.h5")
    run("one/e.h5")
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")


def test_processes_that_are_never_silent_are_still_told_to_stop(monkeypatch):
    job = SimpleNamespace(stage="embed", target=10**6)
    team, member = Team(job, TWO, 1), SimpleNamespace(pipe=object(), over=False)
    said = iter([("made", 1)] * 1_000_000)
    member.said = lambda: next(said)
    team._members.append(member)
    monkeypatch.setattr(team_module, "_SECONDS", 0.01)
    monkeypatch.setattr(team_module, "wait", lambda talking, _: talking)
    team._listen(lambda *_: None)
    assert 0 < team._made < 1_000_000


@pytest.fixture
def no_longer_than_twenty_seconds():
    """What waits for ever fails."""

    def over(*_):
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("no_longer_than_twenty_seconds")
def test_processes_that_die_before_they_have_read_their_work_are_noticed(monkeypatch):
    real = SpawnProcess.start

    def die(process):
        real(process)
        process.kill()

    monkeypatch.setattr(SpawnProcess, "start", die)
    job = SimpleNamespace(names="x" * 10_000_000)  # more than a pipe holds
    with pytest.raises(DeviceError, match="ended with code -9; what was done is kept"):
        Team(job, TWO, 1).work(NEVER, UNWATCHED)


def blocked():
    return signal.pthread_sigmask(signal.SIG_BLOCK, [])


def exit_with_how_many_are_blocked():
    sys.exit(len(blocked()))


def test_a_process_gets_no_signal_before_it_has_said_what_to_do_with_it(monkeypatch):
    fresh = resource_tracker.ResourceTracker()  # as where no process was begun before
    for name in ("ensure_running", "getfd"):
        monkeypatch.setattr(resource_tracker, name, getattr(fresh, name))
    process = get_context("spawn").Process(target=exit_with_how_many_are_blocked)
    with _signals_held():
        process.start()
    process.join()
    fresh._stop()
    assert process.exitcode == 2
    assert not blocked()


@pytest.mark.slow
def test_a_process_that_is_terminated_alone_writes_what_it_holds_and_dies_of_nothing(
    run, tmp_path, monkeypatch
):
    stopped = []

    def stop_one(team, progress):
        if not stopped:
            stopped.append(team._members[0].process)
            stopped[0].terminate()
        real(team, progress)

    real = Team._listen
    monkeypatch.setattr(Team, "_listen", stop_one)
    with contextlib.suppress(StoreError):  # the other one may have been done before it
        run("two/e.h5", devices=TWO)
    assert stopped[0].exitcode == 0
    run("two/e.h5")
    run("one/e.h5")
    assert content(tmp_path / "two/e.h5") == content(tmp_path / "one/e.h5")


@pytest.mark.slow
def test_a_process_that_fails_is_named_and_what_is_done_is_kept(run):
    two = devices_of("cuda:98,cuda:99")
    with pytest.raises(DeviceError, match=r"^cuda:9[89]: 'cuda:9[89]' was asked for, but"):
        run(devices=two)


@pytest.mark.slow
def test_a_process_that_dies_is_noticed(run, monkeypatch):
    real = Team._listen

    def kill_one(team, progress):
        process = team._members[0].process
        if process.is_alive() and not hasattr(team, "killed"):
            team.killed = True
            process.kill()
        real(team, progress)

    monkeypatch.setattr(Team, "_listen", kill_one)
    with pytest.warns(RuntimeWarning, match=r"ended with code -9; the others made everything$"):
        store = run(devices=TWO)
    assert len(store) == 37


def test_pictures_are_tried_again_on_one_device(run):
    from onnxprobe.images import FAILED

    with pytest.raises(StoreError, match="by one process alone, without --join, on one device"):
        run(devices=TWO, retry=FAILED)
    with pytest.raises(StoreError, match=r"and with one of --workers$"):
        run(engine=Local(workers=2), retry=FAILED)


def test_rows_of_another_precision_are_not_mixed_in(run):
    run(sample=16)
    with pytest.raises(OnnxprobeError, match="a network on cpu float32, not a network on cpu flo"):
        run(devices=devices_of("cpu", "float16"))


def test_half_precision_is_close_and_said(run):
    accounts = []
    half = run("half.h5", devices=devices_of("cpu", "float16"), account=accounts.append)
    full = run("full.h5", account=accounts.append)
    found, wanted = (store.embeddings(PROBES[0]) for store in (half, full))
    np.testing.assert_allclose(found, wanted, atol=2e-2)  # float16 has three digits
    assert not np.array_equal(found, wanted)
    assert (accounts[0].precision, accounts[1].precision) == ("float16", "float32")
    assert 0.999 < accounts[0].cosine < 1 == accounts[1].cosine


def test_the_account_says_what_was_done_and_how_busy_it_was(run):
    accounts = []
    run(account=accounts.append, threads=2)
    (account,) = accounts
    assert (account.pictures, account.decoders, account.runners) == (40, 2, 2)
    assert account.ran_on == ("cpu (CPUExecutionProvider)",)
    assert set(account.busy) == {"decode", "infer", "write"}
    assert all(0 < share <= 1.05 for share in account.busy.values())
    run(account=accounts.append)
    assert len(accounts) == 1  # nothing was left to do


def test_accounts_add_up():
    one = Account(("a",), "float32", 1, 10, 2, decode=4, infer=2, write=1, decoders=2, runners=1)
    two = Account(("b",), "float32", 0.9, 30, 4, decode=1, infer=4, write=0, decoders=2, runners=1)
    both, after = one.beside(two), one.then(two)
    assert (both.ran_on, both.pictures, both.seconds, both.rate) == (("a", "b"), 40, 4, 10)
    assert both.busy == {"decode": 5 / 16, "infer": 6 / 8, "write": 1 / 8}
    assert (after.seconds, after.decoders, after.cosine) == (6, 2, 0.9)
    assert one.busy == {"decode": 1, "infer": 1, "write": 0.5}
