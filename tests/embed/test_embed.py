import os
import shutil
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from store_parts import PROBES, SEEN, content, fill

from onnxprobe.embed import embed
from onnxprobe.embed.network import Network
from onnxprobe.errors import NoSuchNameError, PicturesError, StoreError
from onnxprobe.graph.model import Model
from onnxprobe.images import Status, open_source
from onnxprobe.images.sources._files import Files
from onnxprobe.probe import Probe, attach
from onnxprobe.runtime import Session
from onnxprobe.store import Store
from onnxprobe.store.contents import contents


def test_every_picture_has_a_row_and_every_good_one_an_embedding(run, pictures):
    store = run()
    assert sorted(store.ledger.path) == list(pictures.names)
    assert [pictures.names[i] for i in store.ledger.id] == list(store.ledger.path)
    assert store.counts == {"ok": 37, "empty": 1, "not an image": 1, "too small": 1}
    assert len(store) == len(store.paths) == 37
    assert list(store.paths) == [
        path
        for path, status in zip(store.ledger.path, store.ledger.status, strict=True)
        if status == Status.OK
    ]
    bad = dict(zip(store.ledger.path, store.ledger.error, strict=True))
    assert bad["x-html.jpg"] == "it is HTML"


def test_the_embeddings_are_what_the_model_says_of_each_picture(run, tiny, pictures):
    store, session = run(), Session(attach(tiny, PROBES))
    assert store.probes == PROBES
    for probe in PROBES:
        vectors = store.embeddings(probe)
        assert vectors.dtype == np.float32
        assert vectors.shape == (37, 4)
        for path, vector in zip(store.paths, vectors, strict=True):
            sample = SEEN(SEEN.decode(pictures.read(path)).pixels)[None]
            wanted = session.run({"image": sample}, [probe.output])[probe.output][0]
            np.testing.assert_allclose(vector, wanted, rtol=1e-5, atol=1e-6)


def test_a_few_rows_can_be_read(run):
    store = run()
    whole = store.embeddings(PROBES[0])
    assert np.array_equal(store.embeddings(str(PROBES[0]), slice(5, 9)), whole[5:9])
    assert np.array_equal(store.embeddings(PROBES[0], slice(30, None)), whole[30:])


def test_a_probe_that_is_not_in_the_store_is_named(run):
    with pytest.raises(NoSuchNameError, match="no probe in the store named 'block:max'; did you"):
        run().embeddings(Probe("block", "max"))


def test_the_same_call_again_does_nothing(run, tmp_path, monkeypatch):
    run()
    before = content(tmp_path / "e.h5")
    monkeypatch.setattr(Network, "of", None)  # would be called if there were work
    run()
    assert content(tmp_path / "e.h5") == before


@pytest.mark.parametrize("first", [1, 4, 16, 17, 30, 39])
def test_a_sample_is_the_beginning_of_the_whole_run(first, run, tmp_path):
    part = run("grown/e.h5", sample=first)
    assert len(part.ledger) == first
    beginning = part.embeddings(PROBES[0])
    whole = run("whole/e.h5")
    assert np.array_equal(whole.embeddings(PROBES[0])[: len(beginning)], beginning)
    run("grown/e.h5")
    assert content(tmp_path / "grown/e.h5") == content(tmp_path / "whole/e.h5")


def test_growing_a_sample_reads_at_most_one_batch_again(run, monkeypatch):
    run(sample=22)
    read, real = [], Files.read
    monkeypatch.setattr(Files, "read", lambda s, name, _: read.append(name) or real(s, name))
    run()
    assert len(read) == 40 - 20  # the batch of rows 20 to 23 was cut short by the sample


def test_a_smaller_sample_of_a_larger_store_is_a_view_of_it(run):
    whole, part = run(), run(sample=10)
    assert len(part.ledger) == 10
    assert len(part) == sum(status == "ok" for status in list(whole.ledger.status)[:10])
    assert list(part.ledger.path) == list(whole.ledger.path)[:10]
    assert np.array_equal(part.embeddings(PROBES[1]), whole.embeddings(PROBES[1])[: len(part)])
    assert list(part.paths) == list(whole.paths)[: len(part)]
    assert sum(part.counts.values()) == 10


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"probes": PROBES[:1]},
            "was made with the probes block:mean, gate:std, not the probes bl",
        ),
        (
            {"seed": 7},
            "seed 0, not seed 7; name another place, or delete it together with 'e.shards'$",
        ),
        ({"batch": 8}, "was made with batches of 4, not batches of 8"),
        ({"preprocess": replace(SEEN, std=(1,))}, "was made with the preprocessing {"),
        ({"max_pixels": 9}, "a limit of 134217728 pixels, not a limit of 9 pixels"),
    ],
)
def test_a_store_of_another_recipe_is_refused_and_untouched(changed, message, run, tmp_path):
    run()
    before = content(tmp_path / "e.h5")
    with pytest.raises(StoreError, match=message):
        run(**changed)
    assert content(tmp_path / "e.h5") == before


def test_a_store_that_is_deleted_as_the_message_says_is_begun_anew(run, tmp_path):
    run()
    (tmp_path / "e.h5").unlink()
    with pytest.raises(StoreError, match=r"or delete it together with 'e\.shards'$"):
        run(seed=7)
    shutil.rmtree(tmp_path / "e.shards")
    assert run(seed=7).header.seed == 7


def rescaled(model):
    """The same model with one weight changed."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    weight = proto.graph.initializer[0]
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * 2, weight.name))
    return Model(proto)


def test_other_pictures_or_another_model_are_refused(run, tiny, tmp_path):
    run()
    fewer = open_source(fill(tmp_path / "fewer", 12))
    with pytest.raises(StoreError, match="was made with 40 pictures, not 15 pictures"):
        run(source=fewer)
    with pytest.raises(StoreError, match=r"was made with model \w{12}, not model \w{12}; "):
        run(model=rescaled(tiny))


def test_pictures_may_move(run, pictures, tmp_path):
    run()
    moved = shutil.copytree(pictures.path, tmp_path / "moved")
    run(source=open_source(moved))


def test_a_store_may_move_and_is_read_from_anywhere(run, tmp_path, monkeypatch):
    vectors = run("here/e.h5").embeddings(PROBES[0])
    (tmp_path / "here").rename(tmp_path / "there")
    monkeypatch.chdir("/")
    assert np.array_equal(Store.open(tmp_path / "there/e.h5").embeddings(PROBES[0]), vectors)


def test_any_hdf5_reader_sees_the_whole_store(run, tmp_path):
    store = run()
    with h5py.File(tmp_path / "e.h5") as file:
        assert file["embeddings/0"].attrs["probe"] == "block:mean"
        assert np.array_equal(file["embeddings/1"][...], store.embeddings(PROBES[1]))
        rows = file["rows"][...]
        paths = [path.decode() for path in file["ledger/path"][...][rows]]
        assert paths == list(store.paths)
        assert set(file["ledger/status"][...][rows]) == {b"ok"}


def test_a_damaged_shard_is_made_again_and_said(run, tmp_path):
    run("a/e.h5")
    shard = tmp_path / "a/e.shards/00000001.h5"
    good = content(tmp_path / "a/e.h5")
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.warns(RuntimeWarning, match=r"00000001.h5' is damaged and made again"):
        run("a/e.h5")
    assert content(tmp_path / "a/e.h5") == good


def test_what_a_killed_run_left_half_written_is_removed(run, tmp_path):
    run()
    for name in ("e.shards/.00000007.h5.123.tmp", ".e.h5.123.tmp"):
        (tmp_path / name).touch()
    (tmp_path / ".other.h5.123.tmp").touch()
    run()
    assert not list(tmp_path.glob("e.shards/.*.tmp"))
    assert [file.name for file in tmp_path.glob(".*.tmp")] == [".other.h5.123.tmp"]


def test_a_lost_shard_is_noticed_when_the_store_is_opened(run, tmp_path):
    run()
    (tmp_path / "e.shards/00000001.h5").unlink()
    with pytest.raises(StoreError, match=r"needs its shards beside it, but 'e.shards/00000001.h5'"):
        Store.open(tmp_path / "e.h5")


@pytest.mark.parametrize("data", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(99)])
def test_a_file_that_is_no_store_is_named(data, run, tmp_path):
    (tmp_path / "e.h5").write_bytes(data)
    with pytest.raises(StoreError, match="is not an embedding store"):
        Store.open(tmp_path / "e.h5")
    with pytest.raises(StoreError, match=r"is there already, and without 'e\.shards' beside it"):
        run()
    assert (tmp_path / "e.h5").read_bytes() == data


def test_another_hdf5_file_is_no_store(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = 1
    with pytest.raises(StoreError, match="is not an embedding store"):
        Store.open(tmp_path / "x.h5")
    with pytest.raises(StoreError, match="there is no store"):
        Store.open(tmp_path / "y.h5")


def test_a_store_of_a_later_format_says_so(run, tmp_path):
    run()
    place = tmp_path / "e.shards/header.json"
    place.write_text(place.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(StoreError, match="is a store of format 2; this version reads format 1"):
        run()


@pytest.mark.parametrize("name", ["folder", "e.shards"])
def test_a_path_that_cannot_be_a_store_is_refused(name, run, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"is a folder; a store is a file|end it in \.h5"):
        run(name)


def test_every_picture_broken_is_an_error_and_the_ledger_says_why(run, tmp_path):
    source = open_source(fill(tmp_path / "broken", 0))
    for _ in range(2):  # again when asked again
        with pytest.raises(PicturesError) as caught:
            run(source=source)
        message = str(caught.value)
        assert message.startswith("none of the 3 pictures can be used: 1 ")
        assert message.endswith(f"; the ledger is in {str(tmp_path / 'e.h5')!r}")
    ledger = Store.open(tmp_path / "e.h5").ledger
    assert set(ledger.status) == {"empty", "not an image", "too small"}
    assert Store.open(tmp_path / "e.h5").embeddings(PROBES[0]).shape == (0, 4)


def test_a_picture_that_vanishes_is_missing(run, tmp_path):
    source = open_source(fill(tmp_path / "here", 5))
    (tmp_path / "here/001.jpg").unlink()
    counts = run(source=source).counts
    assert counts["missing"] == 1
    assert counts["ok"] == 4


def test_half_precision_is_half_as_long_and_reads_as_what_it_is(run, tmp_path):
    single, half = run("single.h5"), run("half.h5", dtype="float16")
    for probe in PROBES:
        exact, vectors = single.embeddings(probe), half.embeddings(probe)
        assert vectors.dtype == np.float32
        assert np.array_equal(vectors, exact.astype(np.float16))
    with h5py.File(tmp_path / "half.h5") as file:
        assert file["embeddings/0"].dtype == np.float16
    with pytest.raises(StoreError, match="was made with vectors in float16, not vectors in float3"):
        run("half.h5")
    with pytest.raises(NoSuchNameError, match="no type of stored vectors named 'float61'; did you"):
        run("x.h5", dtype="float61")


def test_a_sample_in_half_precision_grows_to_the_same_bits(run, tmp_path):
    run("grown/e.h5", dtype="float16", sample=22)
    run("grown/e.h5", dtype="float16")
    run("whole/e.h5", dtype="float16")
    assert content(tmp_path / "grown/e.h5") == content(tmp_path / "whole/e.h5")


def test_vectors_beyond_half_precision_are_recorded_and_dropped(run, tiny):
    vectors = run().embeddings(PROBES[0])
    proto = onnx.ModelProto()
    proto.CopyFrom(attach(tiny, PROBES).proto)
    factor = 65504 / np.sort(np.abs(vectors).max(axis=1))[20]  # of all but the 21 smallest too much
    loud = scaled(proto, PROBES[0].output, factor)
    store = run("loud.h5", model=loud, probes=[Probe("loud", "flatten")], dtype="float16")
    assert store.counts["not finite"] == 37 - 21
    row = list(store.ledger.status).index("not finite")
    assert store.ledger.error[row] == "its embedding is beyond float16, which ends at 65504"
    assert np.isfinite(store.embeddings("loud:flatten")).all()


def scaled(proto, tensor, factor):
    """The model with another output, ``loud``: a tensor times a number."""
    graph = proto.graph
    graph.initializer.append(onnx.helper.make_tensor("factor", 1, [], [factor]))
    graph.node.append(onnx.helper.make_node("Mul", [tensor, "factor"], ["loud"]))
    shape = onnx.helper.make_tensor_value_info("loud", 1, ["N", 4])
    graph.output.append(shape)
    return Model(proto)


def test_a_copy_is_embedded_and_says_of_what_it_is_one(run, tmp_path):
    root = fill(tmp_path / "copied", 6)
    shutil.copy(root / "003.png", root / "again.png")
    store = run(source=open_source(root))
    first, second = (p for p in store.ledger.path if p in ("003.png", "again.png"))
    row = list(store.ledger.path).index(second)
    assert (store.ledger.status[row], store.ledger.error[row]) == ("duplicate of", first)
    assert store.ledger.counts == {"ok": 6, "duplicate of": 1, **dict.fromkeys(BAD, 1)}
    assert store.counts == {"ok": 7, **dict.fromkeys(BAD, 1)}
    assert len(store) == 7
    assert set(store.paths[store.distinct]) == set(store.paths) - {second}
    assert contents(store.path).counts == store.ledger.counts


BAD = ("empty", "not an image", "too small")


def test_hostile_names_survive(run, tmp_path):
    names = ["ünï.png", "new\nline.png", "<b>.png", os.fsdecode(b"\xe9.png")]
    root = fill(tmp_path / "hostile", 1)
    for name in names:
        shutil.copy(root / "000.png", root / name)
    assert set(names) <= set(run(source=open_source(root)).paths)


def test_progress_is_told(run):
    said = []
    run(progress=lambda stage, done, total: said.append((stage, done, total)))
    assert said[-1] == ("embed", 40, 40)
    assert [done for _, done, _ in said] == sorted(done for _, done, _ in said)


def test_the_picture_limit_applies(run):
    assert run(max_pixels=100).counts["too large"] > 20


def test_a_model_of_another_size_is_refused_before_anything_is_written(tiny, pictures, tmp_path):
    other = replace(SEEN, size=(9, 9))
    with pytest.raises(PicturesError, match="the preprocessing gives"):
        embed(tiny, PROBES, pictures, tmp_path / "e.h5", preprocess=other)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_named(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written: "):
        run("file/e.h5")


def test_importing_embed_does_not_import_the_recipes_stack():
    code = (
        "import sys, onnxprobe.embed, onnxprobe.label;"
        "assert not {'sklearn', 'faiss', 'openTSNE', 'typer', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def counting_on_one(model):
    """The same model with a Reshape that writes one picture into the shape of its pooled map."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    flatten = next(node for node in proto.graph.node if node.op_type == "Flatten")
    proto.graph.initializer.append(onnx.helper.make_tensor("to", 7, [2], [1, 4]))
    flatten.op_type = "Reshape"
    flatten.input.append("to")
    return Model(proto)


def test_a_model_that_counts_on_one_picture_is_run_on_one(run, tiny):
    """The probe lies after the Reshape; before it nothing counts on the batch."""
    model, probes = counting_on_one(tiny), [Probe("flat", "flatten")]
    with pytest.warns(RuntimeWarning, match="they are run one at a time"):
        store = run(model=model, probes=probes, batch=None, sample=6)
    assert store.header.batch == 1
    assert run(model=model, probes=probes, batch=None).counts["ok"] == 37  # goes on, at one
    assert run("x.h5", model=model, batch=None).header.batch == 8


def test_a_batch_left_open_is_the_one_of_the_store(run):
    run(batch=4, sample=10)
    assert run(batch=None).header.batch == 4
