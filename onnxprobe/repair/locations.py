"""Names of files of weights that runtimes do not take, though the file lies beside the model.

Absolute ones, of the machine that wrote the model; with backslashes, from Windows; with a slash at the end.
"""

import ntpath
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.outside import renamed
from onnxprobe.graph.disk.ranges import path_of
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.disk.weights import Beside
from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names


def find(model: Model) -> Names:
    """Name the files under names that are not found, and are under others."""
    every = _said(model.proto)
    return tuple(said.location for said in every if _better(said) != said.location)


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  one name may be of several folders
    """Name each as it lies beside the model."""
    better = {said: _better(said) for said in _said(model.proto)}
    return Model(renamed(model.proto, better), model.known)


def _said(proto: onnx.ModelProto) -> dict[Beside, None]:
    found = map(weights.beside, every_tensor(proto))
    return dict.fromkeys(said for said in found if said is not None)


def _better(said: Beside) -> str:
    others = (name for name in (said.location, *_others(said)) if _is_there(said, name))
    return next(others, said.location)


def _others(said: Beside) -> Iterator[str]:
    """Yield what may be meant by a name: the same path from the model's folder, or the file's name alone."""
    path = said.location.replace("\\", "/")
    if ntpath.splitdrive(path)[1].startswith("/"):
        inside = Path(os.path.relpath(path, path_of(said.folder)))
        yield inside.as_posix()
        yield Path(path).name
    elif path:
        yield Path(os.path.normpath(path)).as_posix()


def _is_there(said: Beside, name: str) -> bool:
    try:
        said._replace(location=name).file("")
    except (MissingWeightsError, NotOnnxError):
        return False
    return True


LOCATIONS: Final = Ailment(
    "locations",
    "files of weights under names that runtimes do not take",
    "under that which they have beside the model",
    find,
    mend,
)
