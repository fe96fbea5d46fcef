from pathlib import Path

import pytest

from onnxprobe.cli.reading import asked
from onnxprobe.errors import RecipeError
from onnxprobe.images import Preprocess
from onnxprobe.recipe.findings import write_json
from recipes.domains import Domains


@pytest.fixture
def started(tmp_path):
    seen = Preprocess(size=(32, 32), mean=(0,), std=(1,))
    job = {
        "recipe": "domains",
        "model": "/m/a.onnx",
        "model_sha256": "ff",
        "images": "/pictures",
        "preprocess": seen.to_json(),
        "settings": {"clustering": {"rounds": 3}},
    }
    write_json(job, tmp_path / "job.json")
    return tmp_path, seen


def resumed(out, **given):
    said = dict.fromkeys(("recipe", "model", "images", "config", "preprocess"))
    said |= {"changes": (), "options": {}} | given
    return asked(
        said["recipe"],
        said["model"],
        said["images"],
        out,
        said["options"],
        said["changes"],
        said["config"],
        said["preprocess"],
        resume=given.get("resume", True),
    )


def test_a_run_goes_on_as_it_was_started(started):
    out, seen = started
    name, recipe, job = resumed(out)
    assert (name, recipe.clustering.rounds) == ("domains", 3)
    assert (job.model, job.images, job.out) == (Path("/m/a.onnx"), "/pictures", out)
    assert Preprocess.of(job.preprocess) == seen


def test_what_is_said_again_wins(started):
    options = {"embedding.sample": 40, "split.group_by": None}  # one that was not given
    _, recipe, _ = resumed(started[0], changes=("clustering.rounds=5",), options=options)
    assert (recipe.clustering.rounds, recipe.embedding.sample) == (5, 40)


def test_without_resume_nothing_is_taken_over(started):
    with pytest.raises(RecipeError, match="--model is missing"):
        resumed(started[0], recipe="domains", resume=False)


def test_there_must_be_a_run_to_go_on_with(tmp_path):
    with pytest.raises(RecipeError, match=r"there is no run in '.*' to go on with"):
        resumed(tmp_path / "nothing")


def test_a_damaged_job_is_one_line(tmp_path):
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(RecipeError, match=r"job.json' is damaged; choose another --out"):
        resumed(tmp_path)


def test_a_recipe_that_was_never_changed_has_its_defaults(started):
    assert resumed(started[0])[1].tsne == Domains().tsne
