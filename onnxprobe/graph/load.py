"""Read an ``.onnx`` file without reading its weights."""

from pathlib import Path

from onnxprobe.errors import NotOnnxError
from onnxprobe.graph.disk import skeleton
from onnxprobe.graph.model import Model


def load(path: str | Path) -> Model:
    """Return the model in the file at ``path``.

    Weights stay on disk: inside the file as byte ranges, beside it as references. A model whose
    weights file is missing can still be looked at.

    Raises:
        NotOnnxError: there is no such file, or it is not an ONNX model.
    """
    path = Path(path)
    if path.is_dir():
        raise NotOnnxError(f"{str(path)!r} is a folder; name the .onnx file in it")
    if not path.is_file():
        raise NotOnnxError(f"there is no file {str(path)!r}")
    return Model(skeleton.read(path))
