"""A URL where only a path will do: said in a line, and no folder ``s3:`` is made."""

import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app


@pytest.mark.parametrize(
    "said",
    [
        "embed MODEL photos -o s3://bucket/e.h5",
        "label MODEL photos -o gs://bucket/labels.parquet",
        "run-recipe domains -m MODEL -i photos -o hf://datasets/run",
        "export e.h5 --to npy -o s3://bucket/vectors",
        "inspect https://example.org/backbone.onnx",
        "probe MODEL -o s3://bucket/probed.onnx",
    ],
)
def test_a_url_for_a_path_is_said_in_a_line_before_anything_is_done(
    said, tiny_file, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    args = [str(tiny_file) if word == "MODEL" else word for word in said.split()]
    (url,) = (word for word in args if "://" in word)
    error = CliRunner().invoke(app, args).exception
    assert str(error).startswith(f"{url!r} is a URL; pictures may lie behind one, all else is read")
    assert not any(path.name.endswith(":") for path in tmp_path.iterdir())


def test_pictures_may_lie_behind_a_url(tiny_file, tmp_path):
    args = ["embed", tiny_file, "memory://nothing", "-o", tmp_path / "e.h5"]
    error = CliRunner().invoke(app, list(map(str, args))).exception
    assert str(error) == "there is no folder or file 'memory://nothing'"
