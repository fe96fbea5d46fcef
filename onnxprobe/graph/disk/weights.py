"""Weights that stay on disk: a tensor says which bytes of which file are its own.

ONNX already has a form for this, ``TensorProto.external_data``. A model in memory uses it for
every large weight, also for those that lie inside the ``.onnx`` file itself. Further keys, which
are never written to a file and refused where a file has them, say where:

- ``onnxprobe.disk.field``: the bytes are the content of this protobuf field, in file ``location``
- ``onnxprobe.disk.stamp``: what that file was like when it was read, so that a change is noticed
- ``onnxprobe.disk.folder``: ``location`` is relative to this folder, as ONNX has it
- ``onnxprobe.disk.said``: the file says itself that the data is in it, as ``onnx.save`` writes it after
  ``onnx.load`` has read weights from beside a model
- ``onnxprobe.disk.home``: the folder that ``location`` may lead to through a link: that of the
  model file itself, where the name under which it was opened is a link to it
"""

import math
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk.ranges import RAW_DATA, Stored, chunks, path_of
from onnxprobe.graph.disk.varint import BYTES, encode

OURS: Final = "onnxprobe.disk."
"""What keys begin with that are never written to a file."""
FIELD: Final = OURS + "field"
STAMP: Final = OURS + "stamp"
FOLDER: Final = OURS + "folder"
HOME: Final = OURS + "home"
SAID: Final = OURS + "said"
WHERE: Final = (FOLDER, HOME)
"""What is said in memory of weights beside the model, after what the file says."""
_INSIDE: Final = 2
"""Entries among the last of which is the field, where the data lies inside a file: ``FIELD``, perhaps ``SAID``."""
_PLAIN_TOO: Final = {4: TensorProto.FLOAT, 10: TensorProto.DOUBLE}
"""Packed fields whose bytes are those of ``raw_data``, for tensors of this type."""


class Beside(NamedTuple):
    """A file of weights, as a tensor names it.

    Attributes:
        location: its name, relative to ``folder``.
        folder: where the model was found, as ``text_of`` writes it; the working directory where
            nobody said.
        home: the folder that links may lead to, likewise.
    """

    location: str
    folder: str
    home: str

    @classmethod
    def said(cls, said: dict[str, str]) -> "Beside":
        """Read the entries of a tensor."""
        folder = said.get(FOLDER, ".")
        return cls(said.get("location", ""), folder, said.get(HOME, folder))

    def file(self, weight: str) -> Path:
        """Return the file itself; ``weight`` is for the message.

        Raises:
            NotOnnxError: it is no name relative to the folder of the model, or of a file outside it.
            MissingWeightsError: there is no file of that name.
        """
        if not self.location or "\0" in self.location:
            raise NotOnnxError(
                f"weight {weight!r} is said to be in {self.location!r}, which is no name of a file"
            )
        folder, home = path_of(self.folder), os.path.realpath(path_of(self.home))
        named = os.path.join(folder, self.location)  # noqa: PTH118  Path would drop a slash at the end
        real = Path(os.path.realpath(named))
        leads_out = os.path.normpath(self.location).startswith(os.pardir + os.sep)
        if leads_out or not real.is_relative_to(home):  # elsewhere it would lead to another file
            raise NotOnnxError(
                f"weight {weight!r} is said to be in {self.location!r}, outside the model's folder; "
                "weights must lie beside the model"
            )
        if Path(self.location).is_absolute():
            raise NotOnnxError(
                f"weight {weight!r} is said to be in {self.location!r}; ONNX names a file of weights "
                "relative to the model's folder; repair with: onnxprobe repair"
            )
        if not os.path.isfile(named):  # noqa: PTH113  Path.is_file raises on names that are too long
            raise MissingWeightsError(
                f"the model keeps its weights in {self.location!r}, which is not beside it (looked "
                f"in {str(folder)!r})"
            )
        return real


def entries(tensor: onnx.TensorProto) -> dict[str, str]:
    """Return the ``external_data`` of a tensor; empty where its data is in memory."""
    if tensor.data_location != TensorProto.EXTERNAL:
        return {}
    return {entry.key: entry.value for entry in tensor.external_data}


def is_beside(tensor: onnx.TensorProto) -> bool:
    """Tell whether ``tensor`` names a file of weights beside the model."""
    if tensor.data_location != TensorProto.EXTERNAL:
        return False
    return all(entry.key != FIELD for entry in tensor.external_data[-_INSIDE:])


def forget(tensor: onnx.TensorProto) -> None:
    """Take from ``tensor`` what is said in memory only of weights beside the model."""
    said = tensor.external_data
    while said and said[-1].key in WHERE:
        del said[-1]


def beside(tensor: onnx.TensorProto) -> Beside | None:
    """Return the file of weights beside the model that ``tensor`` names, if it names one."""
    return Beside.said(entries(tensor)) if is_beside(tensor) else None


def stored(tensor: onnx.TensorProto) -> Stored | None:
    """Return where the data of ``tensor`` lies on disk, or ``None`` if it is in memory.

    Raises:
        NotOnnxError: the file names a place outside its own folder, an offset or length that is
            no number, or a length that is not that of the shape and type.
        MissingWeightsError: the file is not there, or ends before the weight does.
    """
    if tensor.data_location != TensorProto.EXTERNAL:
        return None
    said = entries(tensor)
    if FIELD not in said:
        path = Beside.said(said).file(tensor.name)
        return stretch(tensor, said, path, path.stat().st_size)
    offset, length, field = _numbers(tensor.name, said["offset"], said["length"], said[FIELD])
    return _fitting(tensor, Stored(path_of(said["location"]), offset, length, field, said[STAMP]))


def stretch(tensor: onnx.TensorProto, said: dict[str, str], path: Path, there: int) -> Stored:
    """Return which part of ``path``, a file of ``there`` bytes, is that of ``tensor``.

    ``said`` is what the tensor says of it, its ``entries``. A length of 0 is none, as ONNX has it.

    Raises:
        NotOnnxError: the offset or the length is no number, or the length not that of the shape
            and type.
        MissingWeightsError: the file ends before the weight does.
    """
    offset, length = _numbers(tensor.name, said.get("offset", "0"), said.get("length", "0"))
    length = length or size(tensor)
    if offset < 0 or length < 0 or offset + length > there:
        raise MissingWeightsError(
            f"{str(path)!r} ends at byte {there}, before weight {tensor.name!r} does "
            f"(byte {offset + length})"
        )
    return _fitting(tensor, Stored(path, offset, length))


def _fitting(tensor: onnx.TensorProto, place: Stored) -> Stored:
    """Return ``place`` where as many bytes are there as the elements take, as far as one can tell."""
    told = tensor.data_type in _KNOWN and is_plain(tensor, place.field)
    if told and place.length != size(tensor):
        raise _unlike(tensor, place.length)
    return place


def _numbers(name: str, *said: str) -> list[int]:
    if not all(map(_NUMBER, said)):  # Python would take "1_0" and " 1" for numbers
        raise NotOnnxError(f"weight {name!r} has an offset or length that is no number")
    return list(map(int, said))


_NUMBER: Final = re.compile(r"-?[0-9]{1,30}").fullmatch


def read(tensor: onnx.TensorProto) -> NDArray[Any]:
    """Return the elements of ``tensor``, read from disk if they lie there.

    Raises:
        MissingWeightsError: the file is gone, has changed, or is too short.
        NotOnnxError: the bytes are not what the tensor declares.
    """
    place, takes = stored(tensor), size(tensor)
    if place is None:
        if tensor.HasField("raw_data") and len(tensor.raw_data) != takes:
            raise _unlike(tensor, len(tensor.raw_data))
        return _decoded(tensor)
    data = b"".join(chunks(place))
    if is_plain(tensor, place.field) and tensor.data_type not in _BITS:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        return np.frombuffer(data, dtype).reshape(tensor.dims)
    return _decoded(_holding(tensor, place, data))


def loaded(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Return ``tensor`` with its data in memory, in the field that holds it on disk.

    Raises:
        MissingWeightsError: the file is gone, has changed, or is too short.
        NotOnnxError: the bytes are not what the tensor declares.
    """
    place = stored(tensor)
    if place is None:
        return tensor
    new = _holding(tensor, place, b"".join(chunks(place)))
    if SAID in entries(tensor):
        new.data_location = TensorProto.DEFAULT
    return new


def _holding(tensor: onnx.TensorProto, place: Stored, data: bytes) -> onnx.TensorProto:
    new = header(tensor)
    if place.field == RAW_DATA:
        new.raw_data = data
        return new
    try:
        new.MergeFromString(encode(place.field << 3 | BYTES) + encode(len(data)) + data)
    except DecodeError:
        raise NotOnnxError(
            f"weight {tensor.name!r} cannot be read: its bytes are damaged"
        ) from None
    return new


def _unlike(tensor: onnx.TensorProto, has: int) -> NotOnnxError:
    return NotOnnxError(
        f"weight {tensor.name!r} has {has} bytes, but its shape and type take {size(tensor)}"
    )


def is_plain(tensor: onnx.TensorProto, field: int) -> bool:
    """Tell whether ``field`` of ``tensor`` holds its elements as they are in memory."""
    return field == RAW_DATA or _PLAIN_TOO.get(field) == tensor.data_type


def size(tensor: onnx.TensorProto) -> int:
    """Return how many bytes the elements of ``tensor`` take when written plainly.

    Raises:
        NotOnnxError: the tensor is of a type that ONNX does not have, or of a negative size.
    """
    kind, dims = tensor.data_type, tensor.dims[:]
    if min(dims, default=0) < 0:
        raise NotOnnxError(f"weight {tensor.name!r} has a negative size: {dims}")
    if kind == TensorProto.STRING:
        return sum(map(len, tensor.string_data))
    if kind not in _KNOWN:
        raise NotOnnxError(
            f"weight {tensor.name!r} is of type {kind}, which ONNX {onnx.__version__} does not have"
        )
    count, bits = math.prod(dims), _BITS.get(kind)
    if bits is not None:
        return -(-count * bits // 8)
    return count * _item_size(kind)


@cache
def _item_size(data_type: int) -> int:
    return np.dtype(helper.tensor_dtype_to_np_dtype(data_type)).itemsize


_TYPES: Final = TensorProto.DataType.items()
_KNOWN: Final = frozenset(number for name, number in _TYPES if name != "UNDEFINED")
_PACKED: Final = {
    2: ("INT2", "UINT2"),
    4: ("INT4", "UINT4", "FLOAT4E2M1"),
    6: ("FLOAT6E2M3", "FLOAT6E3M2"),
}
_BITS: Final = {
    number: bits for bits, names in _PACKED.items() for name, number in _TYPES if name in names
}
"""Types several of whose elements share a byte."""


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


_KIND: Final = onnx.AttributeProto
_NO_TENSORS: Final = frozenset(
    {_KIND.FLOAT, _KIND.INT, _KIND.STRING, _KIND.FLOATS, _KIND.INTS, _KIND.STRINGS}
)


def every_attribute_tensor(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    """Yield every tensor written into the attributes of ``nodes``, nested bodies included."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type in _NO_TENSORS:
                continue
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
            for sparse in attribute.sparse_tensors:
                yield from (sparse.values, sparse.indices)
            if attribute.HasField("g"):
                yield from every_tensor(attribute.g)
            for body in attribute.graphs:
                yield from every_tensor(body)


_DENSEST: Final = 4
"""Elements that a byte holds at most, of two bits each."""


def _decoded(tensor: onnx.TensorProto) -> NDArray[Any]:
    if math.prod(tensor.dims) > _DENSEST * tensor.ByteSize():  # onnx would make room for all
        raise NotOnnxError(f"weight {tensor.name!r} holds less than its shape and type take")
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError) as error:
        raise NotOnnxError(f"weight {tensor.name!r} cannot be read: {error}") from None
