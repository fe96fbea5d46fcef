"""Writing ``.onnx`` by byte ranges: what is small is serialised, weights the kernel copies.

The counterpart of ``skeleton``: the model is serialised with references in the place of long tensor
data, its wire format is walked, and each reference becomes the range that it stands for. Whatever
else the file held, in whatever version of ONNX, comes through as it was.
"""

import io
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

import onnx
from google.protobuf.message import EncodeError

from onnxprobe.graph.disk import ranges, weights
from onnxprobe.graph.disk.copying import move
from onnxprobe.graph.disk.ranges import Stored
from onnxprobe.graph.disk.schema import DATA_LOCATION, EXTERNAL_DATA, SCHEMA, every_tensor
from onnxprobe.graph.disk.varint import BYTES, encode, fields

__all__ = ["LIMIT", "Piece", "dump", "fitting", "length", "pieces", "write"]

LIMIT: Final = (1 << 31) - 1
"""Bytes of the longest message that protobuf reads, and so of the longest ``.onnx`` file."""
_OURS, _FOLDER = weights.OURS.encode(), weights.FOLDER.encode()
_SMALL: Final = 1 << 16
"""Bytes up to which a range is read and written like what is around it: it takes fewer calls."""
_SAID: Final = weights.SAID.encode()
_HERE: Final = encode(DATA_LOCATION << 3) + encode(onnx.TensorProto.DEFAULT)

Piece = bytes | Stored
"""A stretch of the file to be written: bytes in memory, or a range of another file."""


def pieces(proto: onnx.ModelProto) -> list[Piece]:
    """Return what ``proto`` is written as, with ranges where its data stays on disk.

    Raises:
        NotOnnxError: a weight is not where it is said to be.
    """
    data = proto.SerializeToString(deterministic=True)
    if _FOLDER in data:
        data = _as_written(proto).SerializeToString(deterministic=True)
    return _pieces(data, (0, len(data)), "model")


def fitting(proto: onnx.ModelProto) -> list[Piece] | None:
    """Return the ``pieces`` of ``proto``, or ``None`` where they are too long for one file.

    Raises:
        NotOnnxError: a weight is not where it is said to be.
    """
    try:
        parts = pieces(proto)
    except EncodeError:  # what is in memory alone is too long
        return None
    return parts if length(parts) <= LIMIT else None


def length(parts: Iterable[Piece]) -> int:
    """Return how many bytes ``parts`` make together."""
    return sum(len(part) if isinstance(part, bytes) else part.length for part in parts)


def write(parts: Iterable[Piece], file: IO[bytes]) -> None:
    """Write ``parts`` to an open file; long ranges are copied by the kernel.

    Raises:
        MissingWeightsError: a file that holds weights has gone, changed or become shorter since.
    """
    sources: dict[tuple[Path, str], IO[bytes]] = {}
    with ExitStack() as stack:
        for part in parts:
            if isinstance(part, bytes):
                file.write(part)
                continue
            if part.length <= _SMALL:
                file.writelines(ranges.chunks(part))
                continue
            key = part.path, part.stamp
            if key not in sources:
                sources[key] = stack.enter_context(ranges.opened(part))
            move(sources[key], file, part.offset, part.length)


def dump(proto: onnx.ModelProto) -> bytes:
    """Return the bytes of ``proto`` as a file. Weights beside the model stay references.

    Raises:
        MissingWeightsError: a file that holds weights has gone, changed or become shorter since.
    """
    whole = io.BytesIO()
    for part in pieces(proto):
        whole.writelines((part,) if isinstance(part, bytes) else ranges.chunks(part))
    return whole.getvalue()


def _as_written(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return ``proto`` without what is said in memory only of weights beside the model."""
    new = onnx.ModelProto()
    new.CopyFrom(proto)
    for tensor in every_tensor(new):
        weights.forget(tensor)
    return new


def _pieces(data: bytes, span: tuple[int, int], kind: str) -> list[Piece]:
    mark = data.find(_OURS, *span)
    if mark < 0:
        return [data[slice(*span)]]
    out: list[Piece] = []
    schema, copied = SCHEMA[kind], span[0]
    for field, wire, start, content, end in fields(data, *span):
        if end <= mark:
            continue
        inner = schema.get(field)
        if inner in SCHEMA and wire == BYTES:
            tensor = inner == "tensor"
            parts = _tensor(data[content:end]) if tensor else _pieces(data, (content, end), inner)
            out += (data[copied:start], encode(field << 3 | BYTES) + encode(length(parts)), *parts)
            copied = end
        mark = data.find(_OURS, end, span[1])
        if mark < 0:
            break
    out.append(data[copied : span[1]])
    return out


def _tensor(data: bytes) -> list[Piece]:
    """Put the data of a tensor where it belongs: in the order of the fields, as protobuf has it."""
    place = weights.stored(onnx.TensorProto.FromString(data))
    if place is None:
        return [data]
    here = _HERE if _SAID in data else b""
    kept = [
        (number, here if number == DATA_LOCATION else data[start:end])
        for number, _, start, _, end in fields(data, 0, len(data))
        if number != EXTERNAL_DATA
    ]
    before = b"".join(whole for number, whole in kept if number < place.field)
    after = b"".join(whole for number, whole in kept if number > place.field)
    return [before + encode(place.field << 3 | BYTES) + encode(place.length), place, after]
