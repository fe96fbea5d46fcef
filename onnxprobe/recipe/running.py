"""Run a recipe from a job to the files of its folder."""

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnxprobe import measure
from onnxprobe.domains.file import read_edits
from onnxprobe.domains.found import joined, read_found
from onnxprobe.domains.replay import carried
from onnxprobe.errors import RecipeError
from onnxprobe.graph.load import load
from onnxprobe.images import Source, absolute, open_source, preprocess_for
from onnxprobe.progress import Progress, silent
from onnxprobe.proof import sha256
from onnxprobe.recipe.edited import Edited, edited, grouping_of
from onnxprobe.recipe.findings import Findings, summary, write_json
from onnxprobe.recipe.forecast import Foretold, Listener, unheard
from onnxprobe.recipe.publish import settled
from onnxprobe.recipe.run import Job, Run
from onnxprobe.recipe.settings import as_json
from onnxprobe.recipe.writing import write
from onnxprobe.store.resume import require_pictures

Recipe = Callable[[Run], Findings]
_JOB = "job.json"


def run(  # noqa: PLR0913
    recipe: Recipe,
    name: str,
    job: Job,
    source: Source | None = None,
    *,
    progress: Progress = silent,
    foretold: Listener = unheard,
) -> dict[str, Any]:
    """Run ``recipe`` and write its files to the folder ``job.out``; return what ``run.json`` says.

    What an earlier, perhaps killed, run of the same job left there is used again. What the run will
    take is ``foretold`` before it begins, where the recipe can tell. Without a ``source`` the
    pictures of the job are opened with the usual patience.

    Raises:
        RecipeError: the folder holds a run of another recipe, model or pictures, or the recipe
            cannot work with what it was given.
        PicturesError: there are no pictures, or none of them can be read.
        StoreError: the folder holds embeddings of other pictures, or they cannot be written.
        ContractError: the fused model would not answer as the backbone does.
    """
    model = measure.measured(load(job.model))
    source = open_source(job.images) if source is None else source
    prepared, origin = preprocess_for(model, job.preprocess)
    started = Run(job, model, sha256(job.model), source, prepared, origin, progress)
    settled(job.out)
    _claim(started, name, as_json(recipe))
    expected = _expected(started, recipe, foretold)
    found = recipe(started)
    again = _edited(started, recipe, found)
    if again is None:
        return write(started, found, lambda: summary(started, name, recipe, found) | expected)
    found, record = again.findings, again.record
    for entry in record:
        if "skipped" in entry:
            warnings.warn(f"an edit of domains was skipped: {entry['skipped']}", stacklevel=2)
    return write(
        started,
        found,
        lambda: summary(started, name, recipe, found) | expected | {"edits": record},
        more=again.write,
    )


def _expected(run: Run, recipe: Recipe, foretold: Listener) -> dict[str, Any]:
    """Return what ``run.json`` says of the forecast, after it has been told."""
    if not isinstance(recipe, Foretold):
        return {}
    forecast = recipe.forecast(run)
    foretold(forecast)
    return {"forecast": forecast.to_json()}


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
        images=absolute(job.images),
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
    require_pictures(job.out / "embeddings.h5", run.source.names)
    write_json(asdict(mine), job.out / _JOB)


def _edited(run: Run, recipe: Recipe, found: Findings) -> Edited | None:
    """Make the edits of an earlier run on what was found in this one, where there are any."""
    edits, kept = read_edits(run.job.out), read_found(run.job.out)
    if not edits or kept is None:
        return None
    groups, lost = carried(grouping_of(found), joined(kept["found"], kept["lost"]))
    return edited(run, recipe, found, edits, found=groups, lost=lost, parted=kept["parted"])
