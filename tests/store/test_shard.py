import h5py
import numpy as np
import pytest

from onnxprobe.images import Status
from onnxprobe.store.ledger import COLUMNS, Ledger, Outcome
from onnxprobe.store.shard import DamagedShardError, Shard, read, write

HOSTILE = ["ünï.jpg", "new\nline.png", "\udce9.gif", "", "a" * 300]


def made(start=8):
    outcomes = [Outcome(Status.OK, 30, 20, 999, "ab" * 16)] * 3
    outcomes += [Outcome(Status.TRUNCATED, error="é ends"), Outcome(Status.NOT_AN_IMAGE)]
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    ledger = Ledger.of(range(5), HOSTILE, outcomes)
    rows = np.arange(start, start + 3)
    return Shard(start, ledger, rows, (vectors, np.empty((3, 0), np.float32)))


def same(one, other):
    ledgers = all(np.array_equal(getattr(one.ledger, n), getattr(other.ledger, n)) for n in COLUMNS)
    vectors = all(map(np.array_equal, one.vectors, other.vectors))
    return one.start == other.start and ledgers and vectors and (one.rows == other.rows).all()


def test_a_shard_is_read_as_it_was_written(tmp_path):
    write(made(), tmp_path / "s.h5")
    again = read(tmp_path / "s.h5")
    assert same(made(), again)
    assert all(getattr(again.ledger, n).dtype == getattr(made().ledger, n).dtype for n in COLUMNS)


def test_the_same_rows_are_the_same_bytes(tmp_path):
    write(made(), tmp_path / "a.h5")
    write(made(), tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_damaged_shard_is_noticed(tmp_path):
    write(made(), tmp_path / "s.h5")
    good = (tmp_path / "s.h5").read_bytes()
    noticed = 0
    for at in range(0, len(good), 97):
        (tmp_path / "s.h5").write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        try:
            assert same(read(tmp_path / "s.h5"), made())  # a byte that HDF5 does not use
        except DamagedShardError:
            noticed += 1
    assert noticed


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_shard_cut_short_is_noticed(keep, tmp_path):
    write(made(), tmp_path / "s.h5")
    (tmp_path / "s.h5").write_bytes((tmp_path / "s.h5").read_bytes()[:keep])
    with pytest.raises(DamagedShardError):
        read(tmp_path / "s.h5")


def test_changed_vectors_do_not_fit_the_checksum(tmp_path):
    write(made(), tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        file["embeddings/0"][1, 1] += 1
    with pytest.raises(DamagedShardError, match="its checksum is wrong"):
        read(tmp_path / "s.h5")


def test_parts_make_the_whole_again():
    whole = made()
    parts = [whole.first(2), made()]
    assert same(Shard.joined([whole.first(5)]), whole)
    assert len(Shard.joined(parts).ledger) == 7
    assert len(whole.first(2).rows) == 2
    assert len(whole.first(4).vectors[0]) == 3
