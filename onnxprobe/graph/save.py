"""Write a model: whole or not at all, its weights copied by the kernel or left where they are."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from onnxprobe.atomic import replacing
from onnxprobe.errors import MissingWeightsError, NoSuchNameError, StitchError
from onnxprobe.graph import weights, wire
from onnxprobe.graph.model import Model


def save(
    model: Model,
    path: str | Path,
    *,
    outside: str = "link",
    check: Callable[[Path], None] = lambda _: None,
) -> Path:
    """Write ``model`` to ``path`` and return it.

    Weights that lie inside an ``.onnx`` file are copied into the new one. A file of weights beside
    the model is made available beside the new one, under the same name.

    Args:
        model: what to write.
        path: the new file; folders above it are made.
        outside: what becomes of a file of weights beside the model: ``"link"`` (a hard link: no
            bytes are copied), ``"copy"``, or ``"reference"`` (it must be in that folder already).
        check: called with the finished temporary file; what it raises keeps the file from being
            written.

    Raises:
        MissingWeightsError: a file of weights is not there.
        StitchError: another file of that name is in the way, or a link cannot be made there.
    """
    path = Path(path)
    if outside not in _WAYS:
        raise NoSuchNameError("way to keep weights", outside, _WAYS)
    place = _WAYS[outside]
    for source, location in _files_beside(model).items():
        target = path.parent / location
        if target.exists() and target.samefile(source):
            continue
        if target.exists():
            raise StitchError(
                f"{str(target)!r} is there already and is not the file of weights this model "
                "needs; write to another folder"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        place(source, target)
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            wire.write(model.proto, file)
        check(temporary)
    return path


def _files_beside(model: Model) -> dict[Path, str]:
    found = {}
    for tensor in wire.every_tensor(model.proto):
        said = weights.entries(tensor)
        place = weights.stored(tensor) if said and weights.FIELD not in said else None
        if place is not None:
            found[place.path] = said["location"]
    return found


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        raise StitchError(
            f"{str(source)!r} cannot be hard-linked to {str(target)!r} ({error.strerror}); "
            "use --weights copy"
        ) from None


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def _reference(source: Path, target: Path) -> None:
    raise MissingWeightsError(
        f"the weights lie in {str(source)!r}, which ONNX cannot refer to from {str(target.parent)!r}; "
        "write beside it, or use --weights link"
    )


_WAYS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "link": _link,
    "copy": _copy,
    "reference": _reference,
}
