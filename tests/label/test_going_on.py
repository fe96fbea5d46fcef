import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from fused_models import detecting

from onnxprobe.embed import writer
from onnxprobe.errors import OnnxprobeError, StoreError
from onnxprobe.label import label
from onnxprobe.store import resume

LEVELS = {f"{i:02d}.png": (i * 41) % 256 for i in range(30)}
MODEL = detecting([0.5, 0.1], sample=(100, (30, 60)))


@dataclass
class Noting:
    """A source that notes what is read."""

    inner: object
    read_names: list = field(default_factory=list)

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, most=None):
        self.read_names.append(name)
        return self.inner.read(name, most)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(resume, "_FEWEST", 8)
    monkeypatch.setattr(writer, "SECONDS_AT_RISK", 0)


@pytest.mark.parametrize("ending", ["parquet", "h5"])
def test_interrupted_after_every_batch_it_gives_the_same_bits(ending, grey, tmp_path):
    source = grey(LEVELS)
    label(MODEL, source, tmp_path / f"whole.{ending}", batch=4)
    out = tmp_path / f"again.{ending}"

    def fail(*_):
        raise KeyboardInterrupt

    rounds = 0
    while not out.exists():
        rounds += 1
        assert rounds < 20
        try:
            label(MODEL, source, out, batch=4, progress=fail)
        except KeyboardInterrupt:
            assert (tmp_path / f"again.{ending}.shards").is_dir()
    assert rounds == 9  # eight batches, and the last call finds everything done
    assert out.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert not (tmp_path / f"again.{ending}.shards").exists()


def test_what_is_done_is_not_read_again(grey, tmp_path):
    source = grey(LEVELS)

    def fail(_stage, done, _total):
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(MODEL, source, tmp_path / "l.parquet", batch=4, progress=fail)
    again = Noting(source)
    label(MODEL, again, tmp_path / "l.parquet", batch=4)
    assert again.read_names
    assert set(again.read_names) == set(source.names[20:])


def test_the_same_command_again_starts_anew_and_replaces_the_file(grey, tmp_path):
    label(MODEL, grey(LEVELS), tmp_path / "l.parquet")
    found = label(MODEL, grey({"new.png": 250}), tmp_path / "l.parquet")
    assert found.counts == {"ok": 31}


def test_the_beginning_of_other_work_is_refused_and_kept(grey, tmp_path):
    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(MODEL, grey(LEVELS), tmp_path / "l.parquet", progress=fail)
    before = sorted((tmp_path / "l.parquet.shards").iterdir())
    message = r"l\.parquet\.shards' was made with 30 pictures, not 31 pictures; name another place, or delete it$"
    with pytest.raises(StoreError, match=message):
        label(MODEL, grey({"new.png": 250}), tmp_path / "l.parquet")
    assert sorted((tmp_path / "l.parquet.shards").iterdir()) == before


def test_asked_to_stop_it_says_how_to_go_on(grey, tmp_path):
    def stop(*_):
        signal.raise_signal(signal.SIGTERM)

    message = r"stopped after 4 of 30 pictures, which are kept in .*l\.parquet\.shards'; give the s"
    with pytest.raises(OnnxprobeError, match=message):
        label(MODEL, grey(LEVELS), tmp_path / "l.parquet", batch=4, progress=stop)
    assert not (tmp_path / "l.parquet").exists()
    assert label(MODEL, grey(LEVELS), tmp_path / "l.parquet", batch=4).counts == {"ok": 30}


def test_the_number_of_threads_changes_no_bit(grey, tmp_path):
    source = grey(LEVELS)
    for threads in (1, 3):
        label(MODEL, source, tmp_path / f"{threads}.parquet", threads=threads)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "3.parquet").read_bytes()


@pytest.mark.slow
def test_killed_at_random_moments_it_gives_the_same_bits(grey, tmp_path):
    source, rng = grey(LEVELS), np.random.default_rng(0)
    label(MODEL, source, tmp_path / "whole.parquet", batch=4)
    script = Path(__file__).with_name("label_worker.py")
    out, killed = tmp_path / "killed.parquet", 0
    for wait in [*rng.uniform(0.05, 0.4, 6), 60]:
        command = [sys.executable, script, source.path, out, "0.01" if wait < 60 else "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            until = time.monotonic() + wait
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
    assert killed >= 3
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
