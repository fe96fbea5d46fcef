"""The whole analysis, from pictures to a proven file."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import SEEN, picture
from pyarrow import parquet

from onnxprobe.contract import compare, kept
from onnxprobe.errors import PicturesError, RecipeError, StoreError
from onnxprobe.graph.load import load
from onnxprobe.images import open_source
from onnxprobe.recipe import Job
from onnxprobe.recipe.running import run
from onnxprobe.store import Store
from recipes.domains import Domains
from recipes.maps.tsne import TSNE

ROOT = Path(__file__).parents[2]


QUICK = Domains(tsne=TSNE(iterations=50))
"""The default, but for a map that nobody looks at."""


@pytest.fixture(scope="module")
def done(backbone, pictures, tmp_path_factory):
    job = Job(backbone, str(pictures), tmp_path_factory.mktemp("run") / "out", SEEN)
    return job, run(QUICK, "domains", job)


def test_a_planted_domain_is_found_and_the_head_finds_it_again(done):
    job, facts = done
    rows = parquet.read_table(job.out / "groups.parquet").to_pylist()
    planted = {row["path"] for row in rows if int(row["path"][:3]) % 10 == 0}
    members = [{r["path"] for r in rows if d["id"] in r["domains"]} for d in facts["domains"]]
    assert planted in members
    found = facts["domains"][members.index(planted)]
    assert found["heldout_recall"] == 1.0
    assert found["share"] == pytest.approx(0.1)


def test_every_promised_file_is_there_and_says_what_it_should(done):
    job, facts = done
    names = {path.name for path in job.out.iterdir()}
    assert names >= {
        "fused.onnx",
        "head.onnx",
        "embeddings.h5",
        "groups.parquet",
        "run.json",
        "proof.json",
    }
    assert facts["counts"] == {"ok": 300, "not an image": 1}
    assert facts["model"]["preprocess_origin"] == "given"
    assert set(facts["domains"][0]) >= {
        "id",
        "name",
        "view",
        "size",
        "share",
        "stability",
        "heldout_recall",
        "heldout_precision",
        "share_ratio",
    }
    assert set(facts["heldout"]) >= {"rows", "macro_f1", "macro_auc", "worst_recall", "majority"}
    assert json.loads((job.out / "run.json").read_text()) == json.loads(json.dumps(facts))
    proof = json.loads((job.out / "proof.json").read_text())
    assert proof["kept"] is True
    assert proof["batches"] == [1, 2, 5]
    columns = parquet.read_schema(job.out / "groups.parquet").names
    assert columns == ["path", "domains", "domain", "x", "y", "split", "predicted", "confidence"]


def test_the_fused_file_keeps_the_contract(done, backbone):
    job, _ = done
    fused = load(job.out / "fused.onnx")
    assert kept(compare(load(backbone), fused))
    said = ("domain_scores", "domain_id", "domain_confidence", "domain_novelty")
    assert fused.outputs == ("logits", *said)


def test_the_fused_file_says_what_the_sample_held(done):
    """So that whoever labels more pictures with it can tell that a domain is lost."""
    from onnxprobe.label import heads_of

    job, facts = done
    (head,) = heads_of(load(job.out / "fused.onnx"))
    assert head.sample.pictures == facts["counts"]["ok"]
    assert list(head.sample.sizes) == [domain["size"] for domain in facts["domains"]]
    assert head.threshold
    (told,) = heads_of(load(job.out / "fused.onnx"), job.out / "run.json")
    assert told.sample.sizes == head.sample.sizes


def test_the_groups_say_what_the_fused_file_answers(done):
    """The table was computed from the store; the file computes from pixels."""
    from onnxprobe.images import open_source, preprocess_for
    from onnxprobe.label import label

    job, _ = done
    fused = load(job.out / "fused.onnx")
    seen, origin = preprocess_for(fused)
    assert (seen, origin) == (SEEN, "model metadata")
    label(fused, open_source(job.images), job.out / "labels.parquet", preprocess=seen)
    labels = {r["path"]: r for r in parquet.read_table(job.out / "labels.parquet").to_pylist()}
    for row in parquet.read_table(job.out / "groups.parquet").to_pylist():
        said = labels[row["path"]]["id"]
        assert (said in row["predicted"]) or (said == -1 and not row["predicted"])
    assert labels["broken.jpg"]["status"] == "not an image"


def test_a_changed_setting_runs_again_from_its_step_only(done):
    from onnxprobe.recipe.settings import configured

    job, first = done
    before = Store.open(job.out / "embeddings.h5").embeddings(first["probes"][0])
    changed = configured(QUICK, {"tsne.perplexity": "10"})
    again = run(changed, "domains", job)
    assert (again["seconds"]["clustering"], again["seconds"]["classifier"]) == (0.0, 0.0)
    assert again["seconds"]["tsne"] > 0
    assert again["domains"] == first["domains"]
    np.testing.assert_array_equal(
        Store.open(job.out / "embeddings.h5").embeddings(first["probes"][0]), before
    )


def test_a_run_that_is_gone_on_with_under_another_name_of_the_folder_does_nothing_twice(
    done, tmp_path, monkeypatch
):
    """As ``--resume`` does, which knows the folder by its whole path."""
    job, _ = done
    out = shutil.copytree(job.out, tmp_path / "out")
    monkeypatch.chdir(Path(job.images).parent)
    again = run(QUICK, "domains", Job(job.model, Path(job.images).name, out, SEEN))
    kept_steps = ("neighbours", "clustering", "tsne", "split", "noise", "classifier")
    assert {again["seconds"][step] for step in kept_steps} == {0.0}


def test_a_run_whose_pictures_have_changed_is_refused_before_anything_is_foretold(done, tmp_path):
    job, _ = done
    out = shutil.copytree(job.out, tmp_path / "out")
    fewer = open_source(job.images)
    object.__setattr__(fewer, "names", fewer.names[1:])
    told = []
    with pytest.raises(StoreError, match=rf"was made with {len(fewer.names) + 1} pictures, not"):
        run(QUICK, "domains", Job(job.model, job.images, out, SEEN), fewer, foretold=told.append)
    assert told == []
    assert (out / "job.json").read_bytes() == (job.out / "job.json").read_bytes()


def test_a_folder_of_another_run_is_refused(done):
    job, _ = done
    with pytest.raises(
        RecipeError,
        match=r"holds a run of recipe 'domains' on model .* go on with that one by --resume",
    ):
        run(QUICK, "dl-tsne", Job(job.model, job.images, job.out))


def test_a_folder_of_other_files_is_refused(backbone, pictures, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RecipeError, match="holds files that are no run of onnxprobe"):
        run(QUICK, "domains", Job(backbone, str(pictures), tmp_path, SEEN))


def test_pictures_with_nothing_in_them_give_no_domain_and_no_head(backbone, tmp_path):
    rng, folder = np.random.default_rng(2), tmp_path / "pictures"
    folder.mkdir()
    for i in range(200):
        cv2.imwrite(str(folder / f"{i}.png"), picture(rng, odd=False))
    facts = run(QUICK, "domains", Job(backbone, str(folder), tmp_path / "out", SEEN))
    assert facts["domains"] == []
    assert not (tmp_path / "out" / "fused.onnx").exists()
    assert (tmp_path / "out" / "groups.parquet").exists()


def test_too_few_pictures_are_refused(backbone, tmp_path):
    rng = np.random.default_rng(2)
    (tmp_path / "p").mkdir()
    for i in range(9):
        cv2.imwrite(str(tmp_path / "p" / f"{i}.png"), picture(rng, odd=False))
    with pytest.raises(RecipeError, match=r"too few pictures: 9"):
        run(
            Domains(),
            "domains",
            Job(backbone, str(tmp_path / "p"), tmp_path / "out", SEEN),
        )


def test_pictures_that_are_all_broken_are_one_error(backbone, tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(9):
        (tmp_path / "p" / f"{i}.jpg").write_bytes(b"nothing")
    with pytest.raises(PicturesError):
        run(
            Domains(),
            "domains",
            Job(backbone, str(tmp_path / "p"), tmp_path / "out", SEEN),
        )


@pytest.mark.real
@pytest.mark.slow
def test_the_command_of_the_readme_on_a_part_of_the_bundled_pictures(tmp_path):
    with (
        tarfile.open(ROOT / "examples/noto-emoji.tar") as whole,
        tarfile.open(tmp_path / "part.tar", "w") as part,
    ):
        for member in whole.getmembers()[::6]:
            part.addfile(member, whole.extractfile(member))
    command = [
        sys.executable,
        "-c",
        "from onnxprobe.cli.app import main; main()",
        "run-recipe",
        "domains",
        "--model",
        ROOT / "models/efficientnet-lite0.onnx",
        "--images",
        tmp_path / "part.tar",
        "--out",
        tmp_path / "run",
    ]
    told = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "held-out" in told.stdout
    assert (tmp_path / "run/report.html").stat().st_size > 100_000
    assert json.loads((tmp_path / "run/proof.json").read_text())["kept"] is True
