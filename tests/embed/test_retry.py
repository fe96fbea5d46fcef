"""Pictures that failed are tried again; what was good stays."""

import shutil

import numpy as np
import pytest
from store_parts import PROBES, content, fill

from onnxprobe.errors import StoreError
from onnxprobe.images import FAILED, Status, open_source
from onnxprobe.images.sources._files import Files
from onnxprobe.store.ledger import Ledger, Outcome
from onnxprobe.store.shard import Shard


@pytest.fixture
def photos(tmp_path):
    """A folder; ``source.lose(names)`` takes pictures away, and ``find()`` brings them back."""

    class Photos:
        root = fill(tmp_path / "photos")
        source = open_source(root)
        away = tmp_path / "away"

        def lose(self, names):
            self.away.mkdir(exist_ok=True)
            for name in names:
                (self.root / name).rename(self.away / name)

        def find(self):
            for path in list(self.away.iterdir()):
                path.rename(self.root / path.name)

    return Photos()


@pytest.mark.parametrize("sample", [None, 22, 16])
@pytest.mark.parametrize("lost", [(3,), (0, 1, 2, 3), (14, 15, 16, 17), (20, 21, 39)])
def test_a_store_that_was_tried_again_is_the_store_of_a_run_without_failures(
    sample, lost, photos, run, tmp_path
):
    whole = run("whole/e.h5", source=photos.source, sample=sample)
    photos.lose([n for i, n in enumerate(whole.ledger.path) if i in lost])
    run("again/e.h5", source=photos.source, sample=sample)
    assert content(tmp_path / "again/e.h5") != content(tmp_path / "whole/e.h5") or min(lost) > 16
    photos.find()
    run("again/e.h5", source=photos.source, sample=sample, retry=FAILED)
    assert content(tmp_path / "again/e.h5") == content(tmp_path / "whole/e.h5")


def test_trying_again_may_go_on_where_a_sample_ended(photos, run, tmp_path):
    whole = run("whole/e.h5", source=photos.source)
    photos.lose([whole.ledger.path[i] for i in (1, 17, 21)])
    run("again/e.h5", source=photos.source, sample=22)
    photos.find()
    run("again/e.h5", source=photos.source, retry={Status.MISSING})
    assert content(tmp_path / "again/e.h5") == content(tmp_path / "whole/e.h5")


def test_a_good_picture_that_is_gone_now_keeps_its_embedding(photos, run):
    before = run(source=photos.source)
    kept = {probe: (before.rows, before.embeddings(probe)) for probe in PROBES}
    bad = next(i for i, s in enumerate(before.ledger.status) if s == "empty")
    neighbours = before.ledger.path[bad // 4 * 4 : bad // 4 * 4 + 4]
    photos.lose(set(neighbours) - {before.ledger.path[bad]})
    shutil.copy(photos.root / "036.png", photos.root / before.ledger.path[bad])
    after = run(source=photos.source, retry=FAILED)
    for probe, (rows, vectors) in kept.items():
        assert len(after) == len(rows) + 1
        assert np.array_equal(after.embeddings(probe)[np.isin(after.rows, rows)], vectors)


def test_what_fails_again_changes_nothing_but_what_is_known_of_it(photos, run, tmp_path):
    store = run(source=photos.source)
    before = content(tmp_path / "e.h5")
    run(source=photos.source, retry=FAILED)
    assert content(tmp_path / "e.h5") == before
    broken = next(p for p in store.ledger.path if p.startswith("x-html"))
    (photos.root / broken).write_bytes(b"")
    after = run(source=photos.source, retry=FAILED)
    assert after.counts["empty"] == 2


def test_only_batches_with_a_failure_are_read_again(photos, run, monkeypatch):
    run(source=photos.source)
    read, real = [], Files.read
    monkeypatch.setattr(Files, "read", lambda s, name, _: read.append(name) or real(s, name))
    run(source=photos.source, retry={Status.EMPTY})
    assert len(read) == 4
    assert "x-empty.png" in read


def test_a_kill_in_between_loses_nothing(photos, run, tmp_path, monkeypatch):
    whole = run("whole/e.h5", source=photos.source)
    photos.lose([whole.paths[i] for i in (0, 13, 16, 30, 36)])
    run("again/e.h5", source=photos.source)
    photos.find()
    left = [6]  # of five batches of four, more than one and not all

    class KilledError(BaseException):
        pass

    def read(self, name, most=None, *, real=Files.read):
        left[0] -= 1
        if left[0] < 0:
            raise KilledError
        return real(self, name, most)

    monkeypatch.setattr(Files, "read", read)
    with pytest.raises(KilledError):
        run("again/e.h5", source=photos.source, retry=FAILED)
    assert len(whole) - 5 <= len(run("again/e.h5", source=photos.source)) < len(whole)
    left[0] = 999
    run("again/e.h5", source=photos.source, retry=FAILED)
    assert content(tmp_path / "again/e.h5") == content(tmp_path / "whole/e.h5")


def test_it_is_done_alone(run):
    with pytest.raises(StoreError, match="tried again by one process alone, without --join"):
        run(retry=FAILED, join=True)


def stretch(start, statuses, level):
    outcomes = [Outcome(status, error=str(level)) for status in statuses]
    rows = start + np.flatnonzero([status is Status.OK for status in statuses])
    vectors = np.stack([rows, np.full(len(rows), level)], 1).astype(np.float32)
    ids = range(start, start + len(statuses))
    return Shard(start, Ledger.of(ids, [f"{i}" for i in ids], outcomes), rows, (vectors,))


def test_mending_takes_what_is_new_and_keeps_what_is_good():
    good, bad = Status.OK, Status.MISSING
    old = stretch(8, [good, bad, bad, good, bad, good], 1)
    new = [stretch(8, [bad, good], 2), stretch(12, [good, bad], 2)]
    mended = old.mended(new)
    assert mended.rows.tolist() == [8, 9, 11, 12, 13]
    assert mended.vectors[0].tolist() == [[8, 1], [9, 2], [11, 1], [12, 2], [13, 1]]
    assert mended.ledger.status.tolist() == [good, good, bad, good, good, good]
    assert mended.ledger.error.tolist() == ["1", "2", "1", "1", "2", "1"]
    assert old.ledger.status.tolist() == [good, bad, bad, good, bad, good]


def test_of_a_sample_only_the_sample_is_tried_again(photos, run, monkeypatch):
    names = list(run(source=photos.source).ledger.path)
    failed = [i for i, name in enumerate(names) if name.startswith("x-")]
    read, real = [], Files.read
    monkeypatch.setattr(Files, "read", lambda s, name, _: read.append(name) or real(s, name))
    run(source=photos.source, sample=failed[0] + 1, retry=FAILED)
    assert failed[-1] // 4 > failed[0] // 4  # in another batch
    assert names[failed[0]] in read
    assert names[failed[-1]] not in read
