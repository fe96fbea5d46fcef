import json

import numpy as np
import pytest
from store_parts import PROBES

from onnxprobe.errors import StoreError
from onnxprobe.store.contents import contents


def test_what_is_in_a_store_is_what_was_put_in(run, pictures):
    store = run()
    found = contents(store.path)
    assert found.counts == store.counts
    assert found.header == store.header
    assert (found.pictures, found.vectors, found.widths) == (40, 37, (4, 4))
    assert [shard.pictures for shard in found.shards] == [16, 16, 8]
    assert all(shard.bytes for shard in found.shards)
    assert found.next == "all pictures are in it"
    assert found.header.source == str(pictures.path)


def test_a_store_that_is_a_sample_says_how_to_go_on(run):
    found = contents(run(sample=10).path)
    assert found.next == (
        "30 of 40 pictures are not in it yet: give the command that made it again, without --sample"
    )


def test_a_wrong_byte_is_found_where_it_is_looked_for(run):
    store = run()
    shard = store.path.with_suffix(".shards") / "00000001.h5"
    data = bytearray(shard.read_bytes())
    vectors = store.embeddings(PROBES[0])[15:].tobytes()[:32]
    data[data.index(vectors)] ^= 1
    shard.write_bytes(data)
    assert not contents(store.path).damaged
    (damaged,) = contents(store.path, verify=True).damaged
    assert damaged.name == "00000001.h5"
    assert damaged.problem == "it is damaged: its checksum is wrong"
    assert contents(store.path, verify=True).next.startswith("1 shard to be made again: give the")
    with pytest.warns(RuntimeWarning, match="made again"):
        run()
    assert not contents(store.path, verify=True).damaged


def test_lost_and_unreadable_shards_are_listed_and_the_top_is_not_needed(run):
    store = run()
    folder = store.path.with_suffix(".shards")
    store.path.unlink()
    (folder / "00000000.h5").unlink()
    (folder / "00000001.h5").write_bytes(b"x")
    found = contents(store.path)
    assert [bool(shard.problem) for shard in found.shards] == [True, True, False]
    assert found.shards[0].problem == "it is not there"
    assert found.pictures == 8


def test_what_is_no_store_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"there is no store '.*x\.h5'$"):
        contents(tmp_path / "x.h5")
    (tmp_path / "x.h5").touch()
    with pytest.raises(StoreError, match=r"\(its shards would be in 'x\.shards' beside it\)"):
        contents(tmp_path / "x.h5")


def test_all_of_it_is_plain_json(run):
    said = json.loads(json.dumps(contents(run().path, verify=True).to_json()))
    assert said["probes"] == [{"probe": str(probe), "width": 4} for probe in PROBES]
    assert said["counts"]["ok"] == 37
    assert said["embedded"] == {"pictures": 40, "vectors": 37}
    assert said["verified"] is True
    assert len(said["shards"]) == 3
    assert np.isfinite(said["preprocess"]["mean"]).all()
