"""Weights that move out of a model which would be too long a file with them inside."""

from pathlib import Path
from typing import IO, Final

import onnx
from onnx import numpy_helper

from onnxprobe.atomic import replacing
from onnxprobe.errors import StitchError
from onnxprobe.graph.disk import ranges, weights
from onnxprobe.graph.disk.copying import move
from onnxprobe.graph.disk.skeleton import INLINE

_ALIGNED: Final = 4096
"""Every weight begins at a multiple of this many bytes, a page, so that it can be mapped."""


def spilled(proto: onnx.ModelProto, data: Path) -> onnx.ModelProto:
    """Write the large weights of ``proto`` to the new file ``data``; return it referring to them.

    Weights of local functions stay, and those that lie beside the model already.

    Raises:
        StitchError: ``data`` is there already.
        MissingWeightsError, NotOnnxError: a weight cannot be read.
    """
    if data.exists():
        raise StitchError(
            f"{str(data)!r} is in the way of the weights; remove it, or choose another name"
        )
    new = onnx.ModelProto()
    new.CopyFrom(proto)
    with replacing(data) as temporary, temporary.open("wb") as file:
        for tensor in weights.every_tensor(new.graph):
            if not weights.is_beside(tensor) and _takes(tensor) > INLINE:
                _move_out(tensor, file, data)
    return new


def _takes(tensor: onnx.TensorProto) -> int:
    return 0 if tensor.data_type == onnx.TensorProto.STRING else weights.size(tensor)


def _move_out(tensor: onnx.TensorProto, file: IO[bytes], data: Path) -> None:
    file.seek(-file.tell() % _ALIGNED, 1)
    offset = file.tell()
    place = weights.stored(tensor)
    if place is not None and weights.is_plain(tensor, place.field):
        with ranges.opened(place) as source:
            move(source, file, place.offset, place.length)
    else:
        file.write(_plainly(tensor))
    moved = weights.header(tensor)
    moved.data_location = onnx.TensorProto.EXTERNAL
    said = {"location": data.name, "offset": offset, "length": file.tell() - offset}
    for key, value in said.items():
        moved.external_data.add(key=key, value=str(value))
    moved.external_data.add(key=weights.FOLDER, value=ranges.text_of(data.parent.absolute()))
    tensor.CopyFrom(moved)


def _plainly(tensor: onnx.TensorProto) -> bytes:
    if len(tensor.raw_data) == weights.size(tensor):
        return tensor.raw_data
    return numpy_helper.from_array(weights.read(tensor)).raw_data
