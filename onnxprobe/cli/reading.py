"""From the text of an option to what it means."""

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnxprobe.errors import PicturesError, RecipeError
from onnxprobe.recipe import Job
from onnxprobe.recipe.listing import find
from onnxprobe.recipe.settings import configured, flat

if TYPE_CHECKING:
    from onnxprobe.images.places import Patience


def sample_of(text: str | None) -> float | int | None:
    """Read ``--sample``: a count, or a share with a point in it.

    Raises:
        PicturesError: it is neither.
    """
    if text is None:
        return None
    try:
        value = int(text) if text.isdecimal() else float(text)
    except ValueError:
        value = -1
    if value <= 0 or (isinstance(value, float) and value > 1):
        raise PicturesError(
            f"--sample is {text!r}; give a share above 0 and up to 1.0, or a whole count"
        )
    return value


def patience(seconds: float | None) -> "Patience":
    """Read ``--timeout``: seconds to wait for one answer of a server.

    Raises:
        PicturesError: it is no time to wait.
    """
    from onnxprobe.images.places import PATIENCE

    if seconds is None:
        return PATIENCE
    if not 0 < seconds < math.inf:
        raise PicturesError(f"--timeout is {seconds:g}; give seconds above 0, such as 30")
    return replace(PATIENCE, seconds=seconds)


def pair_of(text: str) -> tuple[str, str]:
    """Read ``--columns``: two names with a comma between them.

    Raises:
        PicturesError: it is not two names.
    """
    first, _, second = text.partition(",")
    if not (first and second) or "," in second:
        raise PicturesError(f"--columns takes two names, PATH,LABEL, not {text!r}")
    return first, second


def preprocess_of(text: str | None) -> dict[str, Any] | None:
    """Read ``--preprocess``: JSON, or the path of a file that holds it; settings by name.

    Raises:
        PicturesError: it is neither.
    """
    if text is None:
        return None
    if not text.lstrip().startswith("{"):
        if not Path(text).is_file():
            raise PicturesError(f"--preprocess is neither JSON nor a file: {text!r}")
        text = Path(text).read_text()
    try:
        said = json.loads(text)
    except ValueError as error:
        raise PicturesError(f"--preprocess is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise PicturesError(
            f'--preprocess is a JSON object, such as {{"mean": [127]}}, not {text!r}'
        )
    return said


def asked(
    recipe: str | None,
    model: Path | None,
    images: str | None,
    out: Path,
    options: Mapping[str, Any],
    changes: Sequence[str],
    config: Path | None,
    preprocess: str | None,
    *,
    workers: int | None = None,
    resume: bool,
) -> tuple[str, Any, Job]:
    """Return the recipe's name, the recipe with its settings, and the job.

    ``options`` are settings that have an option of their own; null where it was not given.

    Raises:
        RecipeError: something that is needed was not said.
        NoSuchNameError: there is no such recipe, step or setting.
    """
    from onnxprobe.embed.engines import engine_of
    from onnxprobe.recipe.running import earlier

    before = earlier(out) if resume else None
    if resume and before is None:
        raise RecipeError(f"there is no run in {str(out)!r} to go on with")
    if before is not None:
        recipe, model, images = (
            recipe or before.recipe,
            model or Path(before.model),
            images or before.images,
        )
        preprocess = preprocess or before.preprocess
    if recipe is None or model is None or images is None:
        missing = "RECIPE" if recipe is None else "--model" if model is None else "--images"
        raise RecipeError(
            f"{missing} is missing; say: onnxprobe run-recipe RECIPE --model M --images I --out DIR"
        )
    settings = flat(before.settings) if before else {}
    if config is not None:
        settings |= flat(_toml(config))
    settings |= {name: value for name, value in options.items() if value is not None}
    settings |= dict(map(_pair, changes))
    return (
        recipe,
        configured(find(recipe), settings),
        Job(model, images, out, preprocess_of(preprocess), engine_of(None, workers=workers)),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise RecipeError(f"there is no file {str(path)!r}") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{str(path)!r} is not TOML: {error}") from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"--set takes STEP.PARAM=VALUE, not {text!r}")
    return name, value
