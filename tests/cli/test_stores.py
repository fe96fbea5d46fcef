import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.embed import embed
from onnxprobe.images import Preprocess, open_source
from onnxprobe.probe import Probe

PICTURES = Path(__file__).parents[1] / "images" / "pictures"


@pytest.fixture
def store(tiny, tmp_path):
    seen = Preprocess(size=(8, 8), mean=(127,), std=(64,))
    source = open_source(PICTURES)
    return embed(tiny, [Probe("block", "mean")], source, tmp_path / "s.h5", preprocess=seen)


def said(*words):
    return CliRunner().invoke(app, list(map(str, words)))


def test_what_is_in_a_store_is_said(store):
    shown = said("store", store.path, "--verify")
    assert shown.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines()[1:])
    assert lines["next"] == "all pictures are in it"
    assert lines["shards"].endswith("every checksum holds")
    assert f"{len(store):,} at block:mean (4)" in " ".join(shown.stdout.split())
    assert "not compared (--verify)" in said("store", store.path).stdout


def test_json_is_json_and_a_damaged_store_is_exit_code_one(store):
    assert json.loads(said("store", store.path, "--json").stdout)["verified"] is False
    (store.path.with_suffix(".shards") / "00000000.h5").write_bytes(b"x")
    shown = said("store", store.path)
    assert shown.exit_code == 1
    assert "00000000.h5: it is damaged" in shown.stdout
    assert "1 shard to be made again" in " ".join(shown.stdout.split())


def test_a_store_is_exported(store, tmp_path):
    shown = said("export", store.path, "--to", "parquet", "-o", tmp_path / "v.parquet")
    assert shown.exit_code == 0
    total = len(store.ledger)
    assert shown.stdout.endswith(f"v.parquet: {total} pictures, {len(store)} with vectors\n")
    assert (tmp_path / "v.parquet").is_file()
