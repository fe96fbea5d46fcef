"""Weights that stay on disk: a tensor says which bytes of which file are its own.

ONNX already has a form for this, ``TensorProto.external_data``. A model in memory uses it for
every large weight, also for those that lie inside the ``.onnx`` file itself: two extra keys, which
are never written to a file, say where.

- ``onnxprobe.field``: the bytes are the content of this protobuf field, inside the file ``location``
- ``onnxprobe.folder``: ``location`` is relative to this folder, as ONNX has it
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.varint import encode

FIELD: Final = "onnxprobe.field"
FOLDER: Final = "onnxprobe.folder"
RAW_DATA: Final = 9
"""The protobuf field of a tensor that holds its elements as plain little-endian bytes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A range of bytes on disk.

    Attributes:
        path: the file.
        offset: where the range begins, in bytes.
        length: its size in bytes.
        field: the protobuf field of ``TensorProto`` that the bytes are the content of.
    """

    path: Path
    offset: int
    length: int
    field: int = RAW_DATA


def entries(tensor: onnx.TensorProto) -> dict[str, str]:
    """Return the ``external_data`` of a tensor; empty where its data is in memory."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return {}
    return {entry.key: entry.value for entry in tensor.external_data}


def stored(tensor: onnx.TensorProto) -> Stored | None:
    """Return where the data of ``tensor`` lies on disk, or ``None`` if it is in memory.

    Raises:
        NotOnnxError: the file names a place outside its own folder, or an offset or length that
            is no number.
        MissingWeightsError: the file is not there, or ends before the weight does.
    """
    said = entries(tensor)
    if not said:
        return None
    try:
        offset, length = int(said.get("offset", 0)), int(said.get("length", size(tensor)))
    except ValueError:
        raise NotOnnxError(f"weight {tensor.name!r} has an offset or length that is no number") from None
    if FIELD in said:
        return Stored(Path(said["location"]), offset, length, int(said[FIELD]))
    path = _beside(tensor.name, said)
    if offset < 0 or length < 0 or offset + length > path.stat().st_size:
        raise MissingWeightsError(
            f"{str(path)!r} ends at byte {path.stat().st_size}, before weight {tensor.name!r} does "
            f"(byte {offset + length})"
        )
    return Stored(path, offset, length)


def _beside(name: str, said: dict[str, str]) -> Path:
    location, folder = said.get("location", ""), Path(said.get(FOLDER, "."))
    path = folder / location
    if not location or not path.resolve().is_relative_to(folder.resolve()):
        raise NotOnnxError(
            f"weight {name!r} is said to be in {location!r}, outside the model's folder; "
            "weights must lie beside the model"
        )
    if not path.is_file():
        raise MissingWeightsError(
            f"the model keeps its weights in {location!r}, which is not beside it (looked in "
            f"{str(folder)!r})"
        )
    return path


def read(tensor: onnx.TensorProto) -> NDArray[Any]:
    """Return the elements of ``tensor``, read from disk if they lie there.

    Raises:
        MissingWeightsError: the file is gone or too short.
        NotOnnxError: the bytes are not what the tensor declares.
    """
    place = stored(tensor)
    if place is None:
        return np.asarray(numpy_helper.to_array(tensor))
    with place.path.open("rb") as file:
        data = os.pread(file.fileno(), place.length, place.offset)
    tag = encode(place.field << 3 | 2)
    whole = header(tensor).SerializeToString() + tag + encode(len(data)) + data
    try:
        return np.asarray(numpy_helper.to_array(onnx.TensorProto.FromString(whole)))
    except (ValueError, TypeError) as error:
        raise NotOnnxError(f"weight {tensor.name!r} cannot be read: {error}") from None


def size(tensor: onnx.TensorProto) -> int:
    """Return how many bytes the elements of ``tensor`` take when written plainly."""
    count = int(np.prod(tensor.dims, dtype=np.int64)) if len(tensor.dims) else 1
    if tensor.data_type in _HALF_BYTES:
        return (count + 1) // 2
    return count * np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize


_HALF_BYTES: Final = frozenset(
    value for name, value in onnx.TensorProto.DataType.items() if name in {"INT4", "UINT4", "FLOAT4E2M1"}
)


def header(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Return ``tensor`` without its data and without saying where the data is."""
    bare = onnx.TensorProto(dims=tensor.dims, metadata_props=tensor.metadata_props)
    for field in ("name", "data_type", "doc_string"):
        if tensor.HasField(field):
            setattr(bare, field, getattr(tensor, field))
    return bare


def every_tensor(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yield every constant of a graph, nested bodies and sparse tensors included."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from every_attribute_tensor(graph.node)


def every_attribute_tensor(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    """Yield every tensor written into the attributes of ``nodes``, nested bodies included."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from every_tensor(attribute.g)
            for body in attribute.graphs:
                yield from every_tensor(body)
