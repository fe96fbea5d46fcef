"""Principal components from pictures to a proven file."""

import json

from drawn import SEEN

from onnxprobe.contract import compare, kept
from onnxprobe.graph.load import load
from onnxprobe.recipe import Job
from onnxprobe.recipe.running import run
from recipes.pca import Pca
from recipes.tsne import TSNE


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
