"""Run a recipe from a job to the files of its folder."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnxprobe import measure
from onnxprobe.errors import RecipeError
from onnxprobe.fuse import write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.images import open_source, preprocess_for
from onnxprobe.images.fit import METADATA_KEY
from onnxprobe.progress import Progress, silent
from onnxprobe.proof import sha256
from onnxprobe.recipe.findings import Findings, summary, write_groups, write_json
from onnxprobe.recipe.run import Job, Run
from onnxprobe.recipe.settings import as_json

Recipe = Callable[[Run], Findings]
_JOB = "job.json"


def run(
    recipe: Recipe,
    name: str,
    job: Job,
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run ``recipe`` and write its files to the folder ``job.out``; return what ``run.json`` says.

    What an earlier, perhaps killed, run of the same job left there is used again.

    Raises:
        RecipeError: the folder holds a run of another recipe, model or pictures, or the recipe
            cannot work with what it was given.
        PicturesError: there are no pictures, or none of them can be read.
        ContractError: the fused model would not answer as the backbone does.
    """
    model = measure.measured(load(job.model))
    source = open_source(job.images)
    prepared, origin = preprocess_for(model, job.preprocess)
    started = Run(job, model, sha256(job.model), source, prepared, origin, progress)
    _claim(started, name, as_json(recipe))
    found = recipe(started)
    write_groups(found, job.out / "groups.parquet")
    _fuse(started, found)
    facts = summary(started, name, recipe, found)
    write_json(facts, job.out / "run.json")
    return facts


@dataclass(frozen=True, slots=True)
class Started:
    """What was started in a folder, and is gone on with by ``--resume``.

    Attributes:
        recipe: its name.
        model: path of the backbone, absolute.
        model_sha256: of the backbone.
        images: where the pictures are, absolute.
        preprocess: as JSON, where the user gave it.
        settings: of every step.
    """

    recipe: str
    model: str
    model_sha256: str
    images: str
    preprocess: str | None
    settings: dict[str, dict[str, Any]]

    @property
    def job(self) -> tuple[str, str, str]:
        """What makes it another run."""
        return self.recipe, self.model_sha256, self.images


def earlier(out: Path) -> Started | None:
    """Return what was started in the folder ``out``, if anything was.

    Raises:
        RecipeError: the folder says so in a way that this version does not understand.
    """
    path = out / _JOB
    if not path.is_file():
        return None
    try:
        return Started(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise RecipeError(f"{str(path)!r} is damaged; choose another --out") from None


def _claim(run: Run, recipe: str, settings: dict[str, Any]) -> None:
    job = run.job
    mine = Started(
        recipe=recipe,
        model=str(job.model.resolve()),
        model_sha256=run.model_sha256,
        images=str(Path(job.images).resolve()),
        preprocess=run.preprocess.to_json() if run.preprocess_origin == "given" else None,
        settings=settings,
    )
    theirs = earlier(job.out)
    if theirs is None and job.out.exists() and any(job.out.iterdir()):
        raise RecipeError(
            f"{str(job.out)!r} holds files that are no run of onnxprobe; choose another --out"
        )
    if theirs is not None and theirs.job != mine.job:
        raise RecipeError(
            f"{str(job.out)!r} holds a run of recipe {theirs.recipe!r} on model {theirs.model!r} and "
            f"pictures {theirs.images!r}; go on with that one by --resume, or choose another --out"
        )
    write_json(asdict(mine), job.out / _JOB)


def _fuse(run: Run, found: Findings) -> None:
    fused, proof = run.job.out / "fused.onnx", run.job.out / "proof.json"
    head = run.job.out / "head.onnx"
    if not found.parts:
        for stale in (fused, proof, head):
            stale.unlink(missing_ok=True)
        return
    # whoever labels pictures with the file must prepare them as they were here
    told = run.preprocess_origin == "model metadata"
    seen = {} if told else {METADATA_KEY: run.preprocess.to_json()}
    run.progress("proving the fused model", 0, 1)
    evidence = run.timed(
        "fuse", lambda: write_fused(run.job.model, found.parts, fused, metadata=seen)
    )
    run.progress("proving the fused model", 1, 1)
    save(found.parts[0].head, head)
    facts = evidence.to_json() if evidence else {}
    files = {
        "backbone": {"path": str(run.job.model), "sha256": run.model_sha256},
        "head": {"path": head.name, "sha256": sha256(head)},
        "fused": {"path": fused.name, "sha256": sha256(fused)},
    }
    write_json(facts | files, proof)
