from pathlib import Path

import h5py
import numpy as np
import pytest
from fused_models import detecting, fused
from pyarrow import parquet

from onnxprobe.errors import OnnxprobeError
from onnxprobe.images import open_source
from onnxprobe.label import formats, label
from onnxprobe.label.formats import FORMATS

LEVELS = {"a.png": 250, "b.png": 180, "c.png": 20}


def test_an_hdf5_file_holds_the_same_as_parquet(grey, tmp_path):
    model, folder = detecting([0.5, 0.1]), grey(LEVELS).path
    (Path(folder) / "d.png").write_bytes(b"<html>")
    source = open_source(folder)
    for name in ("l.parquet", "l.h5"):
        label(model, source, tmp_path / name)
    rows = parquet.read_table(tmp_path / "l.parquet").to_pylist()
    with h5py.File(tmp_path / "l.h5") as file:
        assert [p.decode() for p in file["path"]] == [row["path"] for row in rows]
        assert [p.decode() for p in file["status"]] == [row["status"] for row in rows]
        assert file["id"][...].tolist() == [0, 1, -1, -1]
        assert file["member"][...].tolist() == [
            [i in (row["ids"] or ()) for i in range(2)] for row in rows
        ]
        assert file["id"].attrs["classes"].tolist() == ["domain 0", "domain 1"]
        np.testing.assert_array_equal(
            file["confidence"][:3], [np.float32(row["confidence"]) for row in rows[:3]]
        )
        np.testing.assert_array_equal(file["scores"][:3].max(axis=1), file["confidence"][:3])
        assert np.isnan(file["scores"][3]).all()
        assert np.isnan(file["confidence"][3])
        assert "onnxprobe.labels" in file.attrs


def test_a_head_without_scores_has_none(grey, tmp_path):
    label(fused(), grey(LEVELS), tmp_path / "l.h5")
    with h5py.File(tmp_path / "l.h5") as file:
        assert set(file) == {"path", "status", "id", "confidence", "member"}
        assert file["member"][:, 1].tolist() == [True, True, False]


def test_several_heads_have_arrays_of_their_own(grey, tmp_path):
    heads = [{"prefix": p, "kind": "softmax", "classes": [p + "0", p + "1"]} for p in ("a", "b")]
    label(fused(heads, ("a", "b")), grey(LEVELS), tmp_path / "l.hdf5")
    with h5py.File(tmp_path / "l.hdf5") as file:
        assert {"a_id", "b_id", "a_member", "b_confidence"} < set(file)


def test_many_pictures_are_written_in_several_groups(grey, tmp_path, monkeypatch):
    from onnxprobe.label.formats import parquet as module
    from onnxprobe.store import resume

    monkeypatch.setattr(resume, "_FEWEST", 1)
    monkeypatch.setattr(module, "_ROW_GROUP", 2)
    label(fused(), grey(LEVELS), tmp_path / "l.parquet", batch=1)
    assert parquet.ParquetFile(tmp_path / "l.parquet").num_row_groups == 2
    assert parquet.read_table(tmp_path / "l.parquet")["path"].to_pylist() == list(LEVELS)


def test_another_ending_is_refused_before_any_work(grey, tmp_path):
    message = r"labels are written to a file that ends in \.parquet or \.h5, not .*l\.csv'"
    with pytest.raises(OnnxprobeError, match=message):
        label(fused(), grey(LEVELS), tmp_path / "l.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["grey"]


def test_every_file_is_registered():
    files = {f.stem for f in Path(formats.__file__).parent.glob("*.py") if f.stem[0] != "_"}
    assert files == set(FORMATS)
