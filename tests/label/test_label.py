import os

import cv2
import numpy as np
import pytest
from fused_models import SEEN, fused
from pyarrow import parquet

from onnxprobe.errors import OnnxprobeError, PicturesError
from onnxprobe.graph.save import save
from onnxprobe.images import open_source
from onnxprobe.label import label

LEVELS = {"black.png": 0, "grey.png": 127, "light.png": 200, "white.png": 255}


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    for name, level in LEVELS.items():
        cv2.imwrite(str(root / name), np.full((9, 9, 3), level, np.uint8))
    (root / os.fsdecode(b"broken-\xff\n.jpg")).write_bytes(b"<html>")
    return open_source(root)


def test_every_picture_gets_the_label_the_head_gives(source, tmp_path):
    found = label(fused(), source, tmp_path / "labels.parquet")
    assert found.counts == {"ok": 4, "not an image": 1}
    table = parquet.read_table(tmp_path / "labels.parquet")
    assert table.column_names == ["path", "id", "name", "confidence", "status"]
    assert [str(kind) for kind in table.schema.types] == [
        "string",
        "int64",
        "string",
        "float",
        "string",
    ]
    rows = table.to_pylist()
    assert [row["path"] for row in rows] == ["black.png", "broken-\\xff\n.jpg", *list(LEVELS)[1:]]
    assert [row["id"] for row in rows] == [-1, None, -1, 1, 1]
    assert [row["name"] for row in rows] == [None, None, None, "bright", "bright"]
    assert [row["status"] for row in rows] == ["ok", "not an image", "ok", "ok", "ok"]
    wanted = [1 / (1 + np.exp(-(level - 127.5) / 127.5)) for level in LEVELS.values()]
    found = [row["confidence"] for row in rows if row["confidence"] is not None]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_several_heads_have_columns_of_their_own(source, tmp_path):
    heads = [{"prefix": p, "kind": "softmax", "classes": [p + "0", p + "1"]} for p in ("a", "b")]
    label(fused(heads, ("a", "b")), source, tmp_path / "l.parquet")
    table = parquet.read_table(tmp_path / "l.parquet")
    assert table.column_names == [
        "path",
        *("a_id", "a_name", "a_confidence"),
        *("b_id", "b_name", "b_confidence"),
        "status",
    ]
    assert table["b_name"].to_pylist()[-1] == "b1"


def test_a_model_may_be_given_by_its_file_and_the_folder_is_made(source, tmp_path):
    path = save(fused(), tmp_path / "fused.onnx")
    assert label(path, source, tmp_path / "new" / "l.parquet").counts["ok"] == 4
    assert parquet.read_table(tmp_path / "new" / "l.parquet").num_rows == 5


@pytest.mark.parametrize(
    "model",
    [
        fused(metadata=False),
        fused(heads=[]),
        fused(heads=[{"prefix": "other", "classes": ["a"]}]),
        fused(heads=[{"prefix": "domain", "sha256": "…"}]),
    ],
)
def test_a_model_without_a_head_is_refused(model, source, tmp_path):
    with pytest.raises(
        OnnxprobeError, match="the model has no head of onnxprobe that says a class"
    ):
        label(model, source, tmp_path / "l.parquet", preprocess=SEEN)


def test_damaged_metadata_is_named(source, tmp_path):
    with pytest.raises(OnnxprobeError, match=r"'onnxprobe\.heads'\) is damaged"):
        label(fused(heads=[3]), source, tmp_path / "l.parquet")


def test_when_no_picture_can_be_used_the_file_says_why(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(PicturesError, match=r"none of the 1 pictures in .* says why of each"):
        label(fused(), open_source(tmp_path), tmp_path / "l.parquet")
    assert parquet.read_table(tmp_path / "l.parquet")["status"].to_pylist() == ["empty"]


def test_what_fails_half_way_leaves_the_old_file_and_what_is_done(source, tmp_path):
    out = tmp_path / "l.parquet"
    out.write_text("old")

    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(fused(), source, out, progress=fail)
    assert out.read_text() == "old"
    assert {f.name for f in tmp_path.iterdir()} == {"photos", "l.parquet", "l.parquet.shards"}


def test_a_place_that_cannot_be_written_to_is_named(source, tmp_path):
    (tmp_path / "l.parquet").mkdir()
    with pytest.raises(OnnxprobeError, match=r"l\.parquet' cannot be written: "):
        label(fused(), source, tmp_path / "l.parquet")


def test_progress_is_told(source, tmp_path):
    said = []
    label(fused(), source, tmp_path / "l.parquet", progress=lambda *told: said.append(told))
    assert said[-1] == ("label", 5, 5)
