"""The published recipe, run as it was published."""

import json

import numpy as np
import pytest
from drawn import SEEN
from pyarrow import parquet

from onnxprobe.contract import compare, kept
from onnxprobe.graph.load import load
from onnxprobe.recipe import Job
from onnxprobe.recipe.running import run
from onnxprobe.recipe.settings import as_json, configured
from onnxprobe.runtime import run as run_model
from recipes.dl_tsne import DlTsne


def test_its_settings_are_those_of_the_origin():
    said = as_json(DlTsne())
    tsne = {"perplexity": 200, "neighbours": 1000, "iterations": 4000, "learning_rate": 2000}
    assert said["tsne"].items() >= tsne.items()
    assert (
        said["clustering"].items()
        >= {"eps": 0.05, "min_samples": 120, "voters": 5, "share": 0.5}.items()
    )
    assert (
        said["embedding"].items() >= {"pooling": "center", "depths": 0, "seed": 2463426724}.items()
    )


@pytest.fixture(scope="module")
def done(backbone, pictures, tmp_path_factory):
    small = {
        "tsne.perplexity": 20,
        "tsne.neighbours": 60,
        "tsne.iterations": 300,
        "tsne.learning_rate": 100,
    }
    job = Job(backbone, str(pictures), tmp_path_factory.mktemp("origin") / "out", SEEN)
    recipe = configured(DlTsne(), {**small, "clustering.eps": 0.3})
    return job, run(recipe, "dl-tsne", job)


def test_every_picture_is_in_one_cluster_at_most(done):
    job, facts = done
    assert len(facts["domains"]) >= 2
    assert all(domain["stability"] is None for domain in facts["domains"])
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    assert all(len(row["domains"]) <= 1 for row in rows)


def test_the_head_is_one_softmax_and_the_contract_is_kept(done, backbone):
    job, _ = done
    fused = load(job.out / "fused.onnx")
    assert kept(compare(load(backbone), fused))
    (head,) = json.loads(fused.metadata["onnxprobe.heads"])
    assert head["kind"] == "softmax"
    feeds = {"image": np.random.default_rng(0).normal(size=(4, 3, 32, 32)).astype(np.float32)}
    np.testing.assert_allclose(run_model(fused, feeds)["domain_scores"].sum(1), 1, rtol=1e-5)
