"""Killed, stopped, out of space: the store that results is the one of an undisturbed run."""

import errno
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from store_parts import content, fill

from onnxprobe.errors import StoreError
from onnxprobe.images import open_source
from onnxprobe.store import Store


def kill_until_done(workers, store, *, kills, seed, **settings):
    """Start the same work again and again, killing it at random moments."""
    rng, killed = np.random.default_rng(seed), 0
    for _ in range(kills):
        process = workers.start(store, **settings)
        time.sleep(rng.uniform(0, 0.15))
        with suppress(ProcessLookupError):  # it may be done already
            os.kill(process, signal.SIGKILL)
        code, _ = workers.wait()
        assert code in (0, -signal.SIGKILL)
        killed += code != 0
    assert killed
    workers.start(store, seconds=0)
    assert workers.wait() == (0, "")


@pytest.mark.parametrize("at_risk", [60, 0])
def test_killed_at_random_moments_it_gives_the_same_bits(at_risk, workers, run, tmp_path):
    run("whole/e.h5")
    kill_until_done(workers, tmp_path / "killed/e.h5", kills=6, seed=at_risk, at_risk=at_risk)
    assert content(tmp_path / "killed/e.h5") == content(tmp_path / "whole/e.h5")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_killed_two_hundred_times_it_gives_the_same_bits(seed, workers, run, tmp_path):
    run("whole/e.h5")
    store = tmp_path / "killed/e.h5"
    kill_until_done(workers, store, kills=8, seed=seed, at_risk=0.02 * (seed % 3))
    assert content(store) == content(tmp_path / "whole/e.h5")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_keeps_what_is_done_and_says_how_to_go_on(number, workers, run, tmp_path):
    store = tmp_path / "stopped/e.h5"
    process = workers.start(store, seconds=0.02, ready="reading")
    time.sleep(0.15)
    os.kill(process, number)
    code, message = workers.wait()
    assert code == 1
    done = int(message.split()[2])
    assert message == (
        f"stopped after {done} of 40 pictures, which are kept in {str(store)!r}; give the same "
        "command again to go on"
    )
    assert 0 < len(Store.open(store).ledger) == done < 40
    run("stopped/e.h5")
    run("whole/e.h5")
    assert content(store) == content(tmp_path / "whole/e.h5")


def test_a_full_disk_is_one_line_and_what_was_done_is_kept(workers, run, tmp_path):
    store = tmp_path / "full/e.h5"
    run("full/e.h5", sample=16)
    before = content(store)
    workers.start(store, file_limit=4000)
    code, message = workers.wait()
    assert code == 1
    assert message.startswith("no space left for '")
    assert message.endswith(
        "everything before it is kept; free some and give the same command again"
    )
    assert content(store) == before
    assert len(Store.open(store).ledger) == 16
    run("full/e.h5")
    run("whole/e.h5")
    assert content(store) == content(tmp_path / "whole/e.h5")


@dataclass
class Meanwhile:
    """A source during whose first read something happens to the disk."""

    inner: object
    happens: object
    begun: bool = False

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, most=None):
        if not self.begun:
            self.begun = True
            self.happens()
        return self.inner.read(name, most)


@pytest.mark.parametrize("full", ["00000001.h5", "e.h5"])
def test_a_write_that_the_kernel_refuses_for_want_of_space_loses_nothing(
    full, pictures, run, tmp_path
):
    run("full/e.h5", sample=16)
    folder = tmp_path / "full" if full == "e.h5" else tmp_path / "full/e.shards"
    trap = folder / f".{full}.{os.getpid()}.tmp"
    source = Meanwhile(pictures, lambda: trap.symlink_to("/dev/full"))
    with pytest.raises(StoreError, match=f"no space left for '.*{full}'; everything before it is"):
        run("full/e.h5", source=source)
    assert len(Store.open(tmp_path / "full/e.h5").ledger) == 16
    run("full/e.h5")
    run("whole/e.h5")
    assert content(tmp_path / "full/e.h5") == content(tmp_path / "whole/e.h5")


def test_a_folder_that_can_only_be_read_is_named(run, monkeypatch):
    def refused(path, *_, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StoreError, match=r"'.*\.lock' cannot be written: Read-only file system"):
        run()


def test_a_folder_that_can_no_longer_be_written_to_keeps_what_is_there(
    pictures, run, tmp_path, monkeypatch
):
    run("e.h5", sample=16)
    before = content(tmp_path / "e.h5")

    def refused(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    source = Meanwhile(pictures, lambda: monkeypatch.setattr(Path, "write_bytes", refused))
    with pytest.raises(StoreError, match=r"\.h5' cannot be written: Read-only file system"):
        run("e.h5", source=source)
    monkeypatch.undo()
    assert content(tmp_path / "e.h5") == before


def test_pictures_that_vanish_while_they_are_embedded_are_missing(run, tmp_path):
    root = fill(tmp_path / "going")
    source = open_source(root)
    gone = [path for path in root.iterdir() if path.suffix == ".webp"]
    store = run(source=Meanwhile(source, lambda: [path.unlink() for path in gone]))
    assert len(gone) - 1 <= store.counts["missing"] <= len(gone)
    assert len(store.ledger) == 40


def test_a_second_process_is_told(workers, run, tmp_path):
    process = workers.start(tmp_path / "e.h5", seconds=0.05, ready="reading")
    with pytest.raises(Exception, match=f"process {process} is working on the store") as caught:
        run("e.h5")
    assert "wait until it is done, or name another store" in str(caught.value)
    os.kill(process, signal.SIGKILL)
    workers.wait()
    run("e.h5")  # the kernel has given the lock back
