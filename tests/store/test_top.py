import json
from pathlib import Path

import h5py
import pytest

from onnxprobe.errors import StoreError
from onnxprobe.store.header import Header
from onnxprobe.store.shard import Extent
from onnxprobe.store.top import write_top

HEADER = Header(
    model="m",
    probes=("a:mean",),
    preprocess="{}",
    max_pixels=1,
    seed=0,
    batch=4,
    shard_rows=16,
    pictures=99,
    names="n",
    source="s",
)


@pytest.mark.parametrize(
    ("pictures", "shown"),
    [
        ({0: 16, 1: 16, 2: 5}, 37),
        ({0: 16, 2: 16}, 16),  # the second is missing
        ({0: 16, 1: 4, 2: 16}, 20),  # the second is being made again
    ],
)
def test_shards_are_shown_up_to_the_first_gap(pictures, shown, tmp_path):
    extents = {n: Extent(f"{n}.h5", rows, rows - 1, (3,)) for n, rows in pictures.items()}
    write_top(tmp_path / "e.h5", HEADER, extents)
    with h5py.File(tmp_path / "e.h5") as file:
        assert file["ledger/id"].shape == (shown,)
        shards = len(file["ledger/id"].virtual_sources())
        assert file["embeddings/0"].shape == (shown - shards, 3)


def test_without_the_first_shard_there_is_nothing_to_show(tmp_path):
    write_top(tmp_path / "e.h5", HEADER, {1: Extent("1.h5", 16, 16, (3,))})
    assert not (tmp_path / "e.h5").exists()


def test_a_store_from_before_the_hash_was_said_is_read_and_not_gone_on_with():
    said = json.loads(HEADER.to_json())
    del said["hash"]
    old = Header.from_json(json.dumps(said), Path("old.h5"))
    assert old.hash == "sha256"
    with pytest.raises(StoreError, match="with files told apart by sha256, not files told apart b"):
        old.require_same(HEADER, Path("old.h5"))
