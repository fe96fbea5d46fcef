import json
import os
import shutil

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from store_parts import PROBES, fill

from onnxprobe.errors import NoSuchNameError, StoreError
from onnxprobe.images import open_source
from onnxprobe.images.names import printable
from onnxprobe.store import Store, exports
from onnxprobe.store import store as store_module
from onnxprobe.store.duplicates import exact_duplicates
from onnxprobe.store.exports import EXPORTS, _base, export
from onnxprobe.store.ledger import COLUMNS


@pytest.fixture
def store(run, tmp_path, monkeypatch):
    """One with names that are no text, and more rows than are written at a time."""
    monkeypatch.setattr(_base, "_ROWS", 7)
    root = fill(tmp_path / "pictures", 20)
    shutil.copy(root / "000.png", root / os.fsdecode(b"\xe9\n.png"))
    (root / "000.png").unlink()
    return run(source=open_source(root))


def test_as_npy_the_vectors_are_found_by_the_ledger(store, tmp_path):
    export(store, "npy", tmp_path / "out")
    ledger = parquet.read_table(tmp_path / "out/ledger.parquet").to_pydict()
    said = json.loads((tmp_path / "out/store.json").read_text())
    assert said["files"] == {f"embeddings-{i}.npy": str(p) for i, p in enumerate(PROBES)}
    assert said["model"] == store.header.model
    for name, probe in said["files"].items():
        vectors = np.load(tmp_path / "out" / name)
        assert np.array_equal(vectors, store.embeddings(probe))
    with_vector = {p: r for p, r in zip(ledger["path"], ledger["row"], strict=True) if r >= 0}
    assert [printable(p) for p in store.paths] == sorted(with_vector, key=with_vector.get)
    assert ledger["row"].count(-1) == 3


def test_as_parquet_every_picture_has_a_row_and_the_good_ones_vectors(store, tmp_path):
    export(store, "parquet", tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == [*COLUMNS, *map(str, PROBES)]
    assert table["status"].to_pylist() == list(store.ledger.status)
    assert table["width"].to_pylist() == store.ledger.width.tolist()
    for probe in PROBES:
        column = table[str(probe)]
        assert column.type == pa.list_(pa.float32(), 4)
        rows = [row for row in column.to_pylist() if row is not None]
        assert np.array_equal(np.array(rows, np.float32), store.embeddings(probe))
        assert column.null_count == 3
    assert json.loads(table.schema.metadata[b"onnxprobe"])["seed"] == 0


def test_as_one_file_it_is_a_store_that_needs_nothing_beside_it(store, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    export(store, "single-hdf5", tmp_path / "elsewhere/one.h5")
    one = Store.open(tmp_path / "elsewhere/one.h5")
    assert one.header == store.header
    assert list(one.paths) == list(store.paths)
    assert one.counts == store.counts
    for name in COLUMNS:
        assert np.array_equal(getattr(one.ledger, name), getattr(store.ledger, name))
    for probe in PROBES:
        assert np.array_equal(one.embeddings(probe), store.embeddings(probe))


@pytest.mark.parametrize("to", EXPORTS)
def test_a_store_without_one_vector_can_be_exported(to, run, tmp_path):
    with pytest.raises(Exception, match="none of the 3 pictures"):
        run("none.h5", source=open_source(fill(tmp_path / "broken", 0)))
    export(Store.open(tmp_path / "none.h5"), to, tmp_path / "out")
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize("to", EXPORTS)
def test_what_is_there_is_not_written_over(to, store, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StoreError, match=r"'.*out' is there already; name another place"):
        export(store, to, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_form_that_does_not_exist_is_named(store, tmp_path):
    with pytest.raises(NoSuchNameError, match="no form of a store named 'np'; did you mean 'npy'"):
        export(store, "np", tmp_path / "out")


@pytest.mark.parametrize("to", EXPORTS)
def test_a_place_that_cannot_be_written_to_is_named(to, store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written: "):
        export(store, to, tmp_path / "file/out")


def test_progress_ends_at_the_end(store, tmp_path):
    said = []
    export(store, "parquet", tmp_path / "o", progress=lambda *now: said.append(now))
    assert said[-1] == ("export", 23, 23)
    assert len(said) == 4


def test_every_file_is_registered():
    from pathlib import Path

    files = {p.stem for p in Path(exports.__file__).parent.glob("[!_]*.py")}
    assert files == {name.replace("-", "_") for name in EXPORTS}


@pytest.fixture
def copied(run, tmp_path, monkeypatch):
    """A store with nine copies of four pictures, read a shard at a time."""
    monkeypatch.setattr(store_module, "_SHARDS", 1)
    root = fill(tmp_path / "copies", 12)
    for i in range(9):
        shutil.copy(root / f"{i % 4:03d}{('.png', '.jpg', '.webp')[i % 4 % 3]}", root / f"z{i}.png")
    return run(source=open_source(root))


def test_exported_a_store_knows_its_copies_still(copied, tmp_path):
    export(copied, "single-hdf5", tmp_path / "one.h5")
    one = Store.open(tmp_path / "one.h5")
    assert np.array_equal(one.originals, copied.originals)
    assert np.array_equal(one.distinct, copied.distinct)
    assert one.statuses == copied.statuses
    assert list(one.ledger.error) == list(copied.ledger.error)
    groups = [[group.rows.tolist() for group in exact_duplicates(s)] for s in (one, copied)]
    assert groups[0] == groups[1]
    assert sorted(map(len, groups[0])) == [3, 3, 3, 4]


def test_the_ledger_by_stretches_is_the_whole_one(copied):
    store = copied
    whole = store.ledger
    assert store.statuses == whole.counts
    assert store.statuses["duplicate of"] == 9
    names = dict(zip(whole.path, whole.hash, strict=True))
    for row in np.flatnonzero(whole.status == "duplicate of"):
        assert names[whole.error[row]] == whole.hash[row]
        assert list(whole.path).index(whole.error[row]) < row
    for start in range(0, store.pictures + 1, 3):
        for stop in range(start, store.pictures + 2, 5):
            part = store.part(slice(start, stop))
            for name in COLUMNS:
                assert np.array_equal(getattr(part, name), getattr(whole, name)[start:stop])
