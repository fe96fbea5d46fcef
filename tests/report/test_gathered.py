import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.embed import embed
from onnxprobe.images import Preprocess, open_source
from onnxprobe.probe import Probe
from onnxprobe.report.channels import gathered_text
from onnxprobe.store.gathered import gathered

PICTURES = Path(__file__).parents[1] / "images" / "pictures"


@pytest.fixture
def store(tiny, tmp_path):
    folder = shutil.copytree(PICTURES, tmp_path / "p")
    source = next(path for path in sorted(folder.rglob("*.jpg")) if path.stat().st_size > 100)
    shutil.copy(source, folder / "z\x1bagain.jpg")
    seen = Preprocess(size=(8, 8), mean=(127,), std=(64,))
    probes = [Probe("block", "mean"), Probe("gate", "max")]
    return embed(tiny, probes, open_source(folder), tmp_path / "s.h5", preprocess=seen)


def test_what_the_vectors_are_like_is_said(store):
    shown = CliRunner().invoke(app, ["store", str(store.path), "--channels"])
    assert shown.exit_code == 0
    low, high = (f(store.embeddings("block:mean")) for f in (lambda x: x.min(), lambda x: x.max()))
    assert f"4 channels, {low:.4g} to {high:.4g}; 0.0% of the values are 0" in shown.stdout
    assert "0 channels never change" in shown.stdout
    assert "the same file: 2 pictures in 1 group, the largest: " in " ".join(shown.stdout.split())
    assert "\x1b" not in shown.stdout
    assert r"z\u001bagain.jpg" in shown.stdout


def test_json_has_it_channel_by_channel(store):
    shown = CliRunner().invoke(app, ["store", str(store.path), "--channels", "--json"])
    first, second = json.loads(shown.stdout)["channels"]
    assert (first["probe"], second["probe"]) == ("block:mean", "gate:max")
    assert len(first["channels"]) == 4
    best = store.embeddings("block:mean")[:, 2].argmax()
    assert first["channels"][2]["top"][0] == store.paths[best]
    assert {"mean", "variance", "low", "high", "zeros"} < set(first["channels"][0])
    (twice,) = first["same_file"]
    assert len(twice) == 2
    assert any(set(twice) <= set(group["pictures"]) for group in first["near"])


def test_without_the_question_nothing_is_looked_at(store):
    shown = CliRunner().invoke(app, ["store", str(store.path), "--json"])
    assert json.loads(shown.stdout)["channels"] == []


def test_long_groups_end(store):
    (one, _) = gathered(store, similarity=0.01)
    assert " more" in gathered_text([one])
