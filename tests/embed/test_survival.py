"""Killed, stopped, out of space: the store that results is the one of an undisturbed run."""

import os
import signal
import time
from contextlib import suppress

import numpy as np
import pytest
from store_parts import content

from onnxprobe.embed import Store


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


def test_a_second_process_is_told(workers, run, tmp_path):
    process = workers.start(tmp_path / "e.h5", seconds=0.05, ready="reading")
    with pytest.raises(Exception, match=f"process {process} is working on the store") as caught:
        run("e.h5")
    assert "wait until it is done, or name another store" in str(caught.value)
    os.kill(process, signal.SIGKILL)
    workers.wait()
    run("e.h5")  # the kernel has given the lock back
