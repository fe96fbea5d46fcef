"""The backbone of a run, found again and known to be the same."""

from pathlib import Path

from onnxprobe import measure
from onnxprobe.errors import RecipeError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.proof import sha256
from onnxprobe.recipe.running import Started, earlier


def started_in(run: Path) -> Started:
    """Return what was started in the folder ``run``.

    Raises:
        RecipeError: it does not say.
    """
    started = earlier(run)
    if started is None:
        raise RecipeError(f"{str(run)!r} does not say how it was made: 'job.json' is not there")
    return started


def backbone_of(started: Started) -> Model:
    """Return the backbone of a run.

    Raises:
        RecipeError: it is not there any more, or it is another one.
    """
    path = Path(started.model)
    if not path.is_file():
        raise RecipeError(f"the backbone of the run, {str(path)!r}, is not there any more")
    if sha256(path) != started.model_sha256:
        raise RecipeError(
            f"{str(path)!r} is not the backbone of the run any more; put that one back, or run the "
            "recipe again in another folder"
        )
    return measure.measured(load(path))
