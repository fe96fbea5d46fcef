"""Principal components from pictures to a proven file."""

import json

import numpy as np
import pytest
from drawn import SEEN

from onnxprobe.contract import compare, kept
from onnxprobe.errors import DomainError
from onnxprobe.graph.load import load
from onnxprobe.recipe import Job
from onnxprobe.recipe.editing import edit
from onnxprobe.recipe.running import run
from onnxprobe.runtime import run as run_model
from recipes.maps.tsne import TSNE
from recipes.pca import Pca

VECTORS = {"vectors": np.random.default_rng(0).normal(size=(9, 32)).astype(np.float32)}


def test_from_pictures_to_a_proven_file(backbone, pictures, tmp_path):
    job = Job(backbone, str(pictures), tmp_path / "out", SEEN)
    facts = run(Pca(tsne=TSNE(iterations=50)), "pca", job)
    told = facts["heldout"]["components"]
    assert told["shown"] == told["needed"] == len(told["explained"])
    assert 0.6 < sum(told["explained"]) < 0.95
    assert len(facts["domains"]) == 2 * told["shown"]
    assert facts["domains"][1]["name"] == "component 1 −"
    assert facts["domains"][0]["stability"] > 0.9  # the checkerboards stand out
    assert json.loads((job.out / "proof.json").read_text())["kept"] is True
    assert kept(compare(load(backbone), load(job.out / "fused.onnx")))

    # a person says what a component means; it stays the component
    before = run_model(load(job.out / "head.onnx"), VECTORS)["domain_scores"]
    with pytest.raises(DomainError, match="'ends' is not one end of a component"):
        edit(job.out, "merge", ["0", "1"], called=["ends"])
    edit(job.out, "rename", ["1", "checkerboards"])
    edit(job.out, "drop", ["0"])
    (left,) = json.loads((job.out / "run.json").read_text())["domains"]
    assert left["name"] == "checkerboards"
    assert left["stability"] > 0.9
    after = run_model(load(job.out / "head.onnx"), VECTORS)["domain_scores"]
    np.testing.assert_array_equal(after, before[:, [1]])
