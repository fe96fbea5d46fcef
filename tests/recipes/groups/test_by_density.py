"""HDBSCAN and OPTICS from pictures to a proven file."""

import json
from dataclasses import replace

import pytest
from drawn import SEEN
from pyarrow import parquet

from onnxprobe.contract import compare, kept
from onnxprobe.graph.load import load
from onnxprobe.recipe import Job
from onnxprobe.recipe.listing import find
from onnxprobe.recipe.running import run
from recipes.maps.tsne import TSNE


@pytest.mark.parametrize("name", ["hdbscan", "optics"])
def test_from_pictures_to_a_proven_file(name, backbone, pictures, tmp_path):
    people = tmp_path / "people.csv"
    rows = [f"{i:03d}.png,{i // 2}" for i in range(300)]
    people.write_text("\n".join(["path,person", *rows]))
    recipe = replace(find(name), tsne=TSNE(iterations=300))
    recipe = replace(recipe, split=replace(recipe.split, group_by=f"{people}:person"))
    job = Job(backbone, str(pictures), tmp_path / "out", SEEN)
    facts = run(recipe, name, job)
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    planted = {row["path"] for row in rows if int(row["path"][:3]) % 10 == 0}
    members = [{r["path"] for r in rows if d["id"] in r["domains"]} for d in facts["domains"]]
    assert max(len(planted & found) / len(planted | found) for found in members) > 0.9
    sides = {}
    for row in rows:
        sides.setdefault(int(row["path"][:3]) // 2, set()).add(row["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert set(facts["heldout"]["auc"]) == {
        "ovr_macro", "ovr_weighted", "ovo_macro", "ovo_weighted"
    }  # fmt: skip
    assert 0 <= facts["heldout"]["ece"] <= 1
    assert json.loads((job.out / "proof.json").read_text())["kept"] is True
    assert kept(compare(load(backbone), load(job.out / "fused.onnx")))
