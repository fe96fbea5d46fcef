"""From a folder for each class to a proven file."""

import json
import shutil

import cv2
import numpy as np
import pytest
from drawn import SEEN
from pyarrow import parquet

from onnxprobe.contract import compare, kept
from onnxprobe.graph.load import load
from onnxprobe.images import open_source
from onnxprobe.label import label
from onnxprobe.recipe import Job
from onnxprobe.recipe.editing import edit
from onnxprobe.recipe.running import run
from recipes.heads.choice import Choice
from recipes.heads.split import Split
from recipes.labelled import Labelled
from recipes.maps.tsne import TSNE

QUICK = Labelled(tsne=TSNE(iterations=50), classifier=Choice(folds=2))


def drawn(kind, rng):
    """Noise with stripes along, across, or none; kind 3 is nothing of the sort."""
    picture = rng.normal(128, 20, (32, 32, 3))
    if kind == 3:
        picture[8:24, 8:24] = (255, 0, 255)
    elif kind:
        picture[np.indices((32, 32))[kind - 1] % 4 < 2] += 90
    return picture.clip(0, 255).astype(np.uint8)


def shelf(folder, kinds, each, seed=0):
    rng = np.random.default_rng(seed)
    for name, kind in kinds.items():
        (folder / name).mkdir(parents=True)
        for i in range(each):
            cv2.imwrite(str(folder / name / f"{i:03}.png"), drawn(kind, rng))
    return folder


@pytest.fixture(scope="module")
def done(backbone, tmp_path_factory):
    folder = shelf(tmp_path_factory.mktemp("shelves"), {"plain": 0, "along": 1, "across": 2}, 60)
    job = Job(backbone, str(folder), tmp_path_factory.mktemp("labelled") / "out", SEEN)
    return job, run(QUICK, "labelled", job)


def test_the_classes_are_learnt_and_named_in_the_proven_file(done, backbone):
    job, facts = done
    assert [domain["name"] for domain in facts["domains"]] == ["across", "along", "plain"]
    assert min(domain["heldout_recall"] for domain in facts["domains"]) > 0.8
    fused = load(job.out / "fused.onnx")
    assert kept(compare(load(backbone), fused))
    (head,) = json.loads(fused.metadata["onnxprobe.heads"])
    assert (head["kind"], head["classes"]) == ("softmax", ["across", "along", "plain"])
    assert set(head["novelty"]) == {"measure", "limit"}
    assert fused.outputs[-1] == "domain_novelty"
    assert json.loads((job.out / "proof.json").read_text())["kept"] is True


def test_the_file_names_new_pictures_and_answers_none_to_strangers(done, tmp_path):
    job, _ = done
    new = shelf(tmp_path / "new", {"along": 1, "strange": 3}, 20, seed=9)
    label(load(job.out / "fused.onnx"), open_source(str(new)), tmp_path / "new.parquet")
    said = parquet.read_table(tmp_path / "new.parquet").to_pylist()
    names = [row["name"] for row in said if row["path"].startswith("along")]
    assert names.count("along") >= 14
    assert all(row["id"] == -1 for row in said if row["path"].startswith("strange"))


def test_classes_can_be_merged_and_are_told_by_one_softmax(done, tmp_path):
    job, _ = done
    out = shutil.copytree(job.out, tmp_path / "run")
    facts = edit(out, "merge", ["along", "across"], called=["striped"])
    assert [domain["name"] for domain in facts["domains"]] == ["striped", "plain"]
    assert min(domain["heldout_recall"] for domain in facts["domains"]) > 0.8
    (head,) = json.loads(load(out / "fused.onnx").metadata["onnxprobe.heads"])
    assert (head["kind"], head["classes"]) == ("softmax", ["striped", "plain"])


def test_folders_can_be_what_is_held_out(backbone, tmp_path):
    kinds = {"plain": 0, "along": 1}
    shelf(tmp_path / "p" / "train", kinds, 30)
    shelf(tmp_path / "p" / "val", kinds, 12, seed=1)
    recipe = Labelled(
        tsne=TSNE(iterations=50), split=Split(folders=("val",)), classifier=Choice(folds=2)
    )
    job = Job(backbone, str(tmp_path / "p"), tmp_path / "out", SEEN)
    facts = run(recipe, "labelled", job)
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    assert {r["path"] for r in rows if r["split"] == "heldout"} == {
        r["path"] for r in rows if r["path"].startswith("val/")
    }
    assert facts["heldout"]["rows"] == 24
