from pathlib import Path

import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import PicturesError
from onnxprobe.store import Store

PICTURES = Path(__file__).parents[1] / "images" / "pictures"


def embedded(model, out, *options):
    words = ["embed", str(model), str(PICTURES), "-o", str(out), *map(str, options)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


def test_several_probes_go_into_one_store(tiny_file, tmp_path):
    shown = embedded(tiny_file, tmp_path / "s.h5", "--probe", "block:mean", "--probe", "gate")
    assert shown.exit_code == 0
    store = Store.open(tmp_path / "s.h5")
    assert store.header.probes[0] == "block:mean"
    assert f" at {', '.join(store.header.probes)}\n" in shown.stdout
    assert all(len(store.embeddings(probe)) == len(store) for probe in store.probes)


def test_what_is_stored_and_refused_is_as_asked(tiny_file, tmp_path):
    options = "--probe", "block:mean", "--dtype", "float16", "--max-pixels", 100
    with pytest.raises(PicturesError, match="too large"):
        embedded(tiny_file, tmp_path / "s.h5", *options)
    header = Store.open(tmp_path / "s.h5").header
    assert (header.dtype, header.max_pixels) == ("float16", 100)


def test_failed_pictures_are_tried_again_and_work_is_shared(tiny_file, tmp_path):
    photos, store = tmp_path / "photos.txt", tmp_path / "s.h5"
    names = [path.name for path in PICTURES.glob("exif*.png")]
    photos.write_text("\n".join(names))
    (tmp_path / names[0]).write_bytes((PICTURES / names[0]).read_bytes())
    words = ["embed", str(tiny_file), str(photos), "-o", str(store), "--probe", "block:mean"]
    assert CliRunner().invoke(app, [*words, "--join"]).exit_code == 0
    assert Store.open(store).counts == {"missing": 7, "ok": 1}
    for name in names[1:]:
        (tmp_path / name).write_bytes((PICTURES / name).read_bytes())
    assert CliRunner().invoke(app, [*words, "--retry-failed"]).exit_code == 0
    assert Store.open(store).counts == {"ok": 8}
