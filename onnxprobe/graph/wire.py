"""Reading and writing ``.onnx`` by byte ranges, so that weights are never loaded.

Reading walks the wire format of the file and copies everything but the long tensor data, in whose
place it writes a reference (see ``weights``); the result is parsed as usual. Writing serialises the
small parts and lets the kernel copy the ranges.
"""

import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import onnx
from google.protobuf.message import DecodeError

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph import weights
from onnxprobe.graph.varint import BYTES, Buffer, encode, fields
from onnxprobe.graph.weights import Stored

INLINE: Final = 1024
"""Bytes up to which tensor data is kept in memory: shapes, axes, biases, small tables."""
_DEEPEST: Final = 64
"""Levels of nesting beyond which a file is refused: four for every If inside an If."""

_Schema = dict[int, "str"]
_DATA: Final = "data"
_SCHEMAS: Final[dict[str, _Schema]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": dict.fromkeys((4, 5, 7, weights.RAW_DATA, 10, 11), _DATA),
}
"""Which fields of which message can hold tensor data (onnx.proto). String data (6) cannot be long
bytes: it is one field an element."""


def read(path: Path) -> onnx.ModelProto:
    """Read the model at ``path``; long tensor data stays where it is.

    Raises:
        NotOnnxError: it is no ONNX file, or a damaged one.
    """
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise NotOnnxError(f"{str(path)!r} is not an ONNX file (it is empty)")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            try:
                small = _skeleton(buffer, (0, len(buffer)), "model", str(path.resolve()))
                proto = onnx.ModelProto.FromString(small)
            except NotOnnxError as error:
                raise NotOnnxError(_what_it_is(path, buffer[:16], str(error))) from None
            except DecodeError:
                raise NotOnnxError(_what_it_is(path, buffer[:16], "")) from None
            if not proto.HasField("graph") or not proto.ir_version:
                raise NotOnnxError(_what_it_is(path, buffer[:16], ""))
    folder = str(path.resolve().parent)
    for tensor in every_tensor(proto):
        said = weights.entries(tensor)
        if said and weights.FIELD not in said:
            tensor.external_data.add(key=weights.FOLDER, value=folder)
    return proto


def every_tensor(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor written into a model, local functions included."""
    yield from weights.every_tensor(proto.graph)
    for function in proto.functions:
        yield from weights.every_attribute_tensor(function.node)


def _skeleton(buffer: Buffer, span: tuple[int, int], kind: str, path: str, depth: int = 0) -> bytes:
    if depth > _DEEPEST:
        raise NotOnnxError(f"graphs are nested more than {_DEEPEST} levels deep")
    out, schema, copied = bytearray(), _SCHEMAS[kind], span[0]
    for field, wire, start, content, end in fields(buffer, *span):
        inner = schema.get(field)
        if inner is None or wire != BYTES or end - content <= INLINE:
            continue
        out += buffer[copied:start]
        copied = end
        if inner == _DATA:
            out += _reference(path, content, end - content, field)
            continue
        small = _skeleton(buffer, (content, end), inner, path, depth + 1)
        out += encode(field << 3 | BYTES) + encode(len(small)) + small
    return bytes(out + buffer[copied : span[1]])


def _reference(path: str, offset: int, length: int, field: int) -> bytes:
    said = {"location": path, "offset": offset, "length": length, weights.FIELD: field}
    tensor = onnx.TensorProto(data_location=onnx.TensorProto.EXTERNAL)
    for key, value in said.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor.SerializeToString()


_OTHER_FILES: Final = {
    b"PK": "a PyTorch checkpoint is exported with torch.onnx.export",
    b"\x80": "a PyTorch checkpoint is exported with torch.onnx.export",
    b"\x89HDF": "a Keras model is exported with tf2onnx",
    b"<": "it looks like a web page or XML: was the download refused?",
    b"version https://git-lfs": "it is a Git LFS pointer: run git lfs pull",
    b"ORTM": "it is ONNX Runtime's own format: use the .onnx it was made from",
}


def _what_it_is(path: Path, head: bytes, why: str) -> str:
    for magic, hint in _OTHER_FILES.items():
        if head.startswith(magic[: len(head)]):
            shown = magic.decode("latin-1") if magic.isascii() else magic.hex(" ")
            return f"{str(path)!r} is not an ONNX file (it starts with {shown!r}); {hint}"
    return f"{str(path)!r} is not an ONNX file, or a damaged one" + (f": {why}" if why else "")


Piece = bytes | Stored
"""A stretch of the file to be written: bytes in memory, or a range of another file."""


def pieces(message: Any) -> list[Piece]:
    """Return what ``message`` serialises to, with ranges where its data stays on disk.

    Raises:
        NotOnnxError, MissingWeightsError: a weight is not where it is said to be.
    """
    if isinstance(message, onnx.TensorProto):
        return _tensor_pieces(message)
    out: list[Piece] = []
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.name not in _NESTING:
            only = type(message)()
            if field.is_repeated:
                getattr(only, field.name).extend(value)
            elif field.message_type is None:
                setattr(only, field.name, value)
            else:
                getattr(only, field.name).CopyFrom(value)
            out.append(only.SerializeToString(deterministic=True))
            continue
        tag = encode(field.number << 3 | BYTES)
        for item in value if field.is_repeated else (value,):
            inner = pieces(item) if _on_disk(item) else [item.SerializeToString(deterministic=True)]
            out += [tag + encode(length(inner)), *inner]
    return out


_NESTING: Final = frozenset(
    f"{kind}Proto" for kind in ("Graph", "Function", "Node", "Attribute", "Tensor", "SparseTensor")
)


def length(parts: list[Piece]) -> int:
    """Return how many bytes ``parts`` make together."""
    return sum(len(p) if isinstance(p, bytes) else p.length for p in parts)


def _on_disk(message: Any) -> bool:
    if isinstance(message, onnx.TensorProto):
        return message.data_location == onnx.TensorProto.EXTERNAL
    if isinstance(message, onnx.NodeProto):
        return any(map(_on_disk, weights.every_attribute_tensor((message,))))
    return True


def _tensor_pieces(tensor: onnx.TensorProto) -> list[Piece]:
    said = weights.entries(tensor)
    if weights.FIELD not in said:
        outside = onnx.TensorProto()
        outside.CopyFrom(tensor)
        del outside.external_data[:]
        for key, value in said.items():
            if key != weights.FOLDER:
                outside.external_data.add(key=key, value=value)
        return [outside.SerializeToString(deterministic=True)]
    place = weights.stored(tensor)
    assert place is not None  # noqa: S101  it has entries
    tag = encode(place.field << 3 | BYTES) + encode(place.length)
    return [weights.header(tensor).SerializeToString(deterministic=True) + tag, place]


def write(proto: onnx.ModelProto, file: IO[bytes]) -> None:
    """Write ``proto`` to an open file; ranges are copied by the kernel.

    Raises:
        MissingWeightsError: a file that holds weights has gone or become shorter since.
    """
    opened: dict[Path, IO[bytes]] = {}
    try:
        for piece in _joined(pieces(proto)):
            if isinstance(piece, bytes):
                file.write(piece)
                continue
            if piece.path not in opened:
                opened[piece.path] = _open(piece.path)
            file.flush()
            _copy(opened[piece.path], file, piece)
    finally:
        for source in opened.values():
            source.close()


def dump(proto: onnx.ModelProto) -> bytes:
    """Return the bytes that ``write`` writes. Weights beside the model stay references.

    Raises:
        MissingWeightsError: a file that holds weights has gone or become shorter since.
    """
    with tempfile.TemporaryFile() as file:
        write(proto, file)
        file.seek(0)
        return file.read()


def folder_of_weights(proto: onnx.ModelProto) -> Path | None:
    """Return the folder that the file of weights beside the model is in, if there is one."""
    said = (weights.entries(tensor) for tensor in every_tensor(proto))
    return next((Path(s[weights.FOLDER]) for s in said if weights.FOLDER in s), None)


def _joined(parts: list[Piece]) -> Iterator[Piece]:
    waiting = bytearray()
    for part in parts:
        if isinstance(part, bytes):
            waiting += part
            continue
        yield bytes(waiting)
        waiting.clear()
        yield part
    yield bytes(waiting)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise MissingWeightsError(f"the weights lie in {str(path)!r}, which is gone") from None


def _copy(source: IO[bytes], target: IO[bytes], place: Stored) -> None:
    left, offset = place.length, place.offset
    while left:
        moved = _move(source.fileno(), target.fileno(), offset, left)
        if not moved:
            raise MissingWeightsError(f"{str(place.path)!r} became shorter while it was read")
        left, offset = left - moved, offset + moved
    target.seek(0, os.SEEK_END)


def _move(source: int, target: int, offset: int, length: int) -> int:
    if sys.platform == "linux":
        return os.sendfile(target, source, offset, length)
    return os.write(target, os.pread(source, min(length, _CHUNK), offset))


_CHUNK: Final = 1 << 20
