"""A URL where only a path will do: said in a line, and no folder ``s3:`` is made."""

import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app, main


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


@pytest.mark.parametrize(
    "said",
    [
        "probe MODEL -o MODEL",
        "probe MODEL -o LINK",
        "stitch other.onnx MODEL -o MODEL",
        "stitch other.onnx tone=MODEL -o MODEL",
        "embed MODEL photos -o MODEL",
    ],
)
def test_what_is_read_is_not_written_over(said, tiny_file, tmp_path):
    (tmp_path / "link.onnx").symlink_to(tiny_file)
    places = {"MODEL": str(tiny_file), "LINK": str(tmp_path / "link.onnx")}
    before = tiny_file.read_bytes()
    for word, place in places.items():
        said = said.replace(word, place)
    error = CliRunner().invoke(app, said.split()).exception
    assert str(error).endswith("is what is read, and stays as it is: name another file with -o")
    assert tiny_file.read_bytes() == before


def test_another_file_is_written_over(tiny_file, tmp_path):
    (tmp_path / "old.onnx").write_bytes(b"old")
    args = ["probe", str(tiny_file), "-o", str(tmp_path / "old.onnx")]
    assert CliRunner().invoke(app, args).exit_code == 0


def test_a_file_where_a_folder_must_be_is_said_in_a_line(tiny_file, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "out.onnx"
    monkeypatch.setattr("sys.argv", ["onnxprobe", "probe", str(tiny_file), "-o", str(out)])
    with pytest.raises(SystemExit, match="1"):
        main()
    place = str(tmp_path / "file")
    assert capsys.readouterr().err == f"onnxprobe: {place!r} is in the way: it is no folder\n"
