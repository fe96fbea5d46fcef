"""Reading ``.onnx`` by byte ranges, so that weights are never loaded.

The wire format of the file is walked, and everything but the long tensor data copied, in whose
place stands a reference (see ``weights``); the result, a skeleton, is parsed as usual.
"""

from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError

from onnxprobe.errors import NotOnnxError
from onnxprobe.graph import ranges, weights
from onnxprobe.graph.schema import DATA, SCHEMA, every_tensor
from onnxprobe.graph.varint import BYTES, Buffer, encode, fields
from onnxprobe.graph.window import Window

INLINE: Final = 1024
"""Bytes up to which tensor data is kept in memory: shapes, axes, biases, small tables."""
_DEEPEST: Final = 64
"""Levels of nesting beyond which a file is refused: four for every If inside an If."""

_Span = tuple[int, int]
_Entries = list[tuple[str, str]]


def read(path: Path) -> onnx.ModelProto:
    """Read the model at ``path``; long tensor data stays where it is.

    Raises:
        NotOnnxError: it is no ONNX file, or a damaged one.
    """
    with path.open("rb") as file:
        window, real = Window(file), path.resolve()
        if not len(window):
            raise NotOnnxError(f"{str(path)!r} is not an ONNX file (it is empty)")
        ours = [("location", ranges.text_of(real)), (weights.STAMP, ranges.stamp(file))]
        head = window[:32]
        try:
            small = b"".join(_skeleton(window, (0, len(window)), "model", ours))
            proto = onnx.ModelProto.FromString(small)
        except NotOnnxError as error:
            raise NotOnnxError(_what_it_is(path, head, str(error))) from None
        except DecodeError:
            raise NotOnnxError(_what_it_is(path, head, "")) from None
    if not proto.HasField("graph") or not proto.ir_version:
        raise NotOnnxError(_what_it_is(path, head, ""))
    _place(proto, path.absolute().parent, real.parent, ours)
    return proto


def _skeleton(
    buffer: Buffer, span: _Span, kind: str, ours: _Entries, depth: int = 0
) -> list[bytes]:
    if depth > _DEEPEST:
        raise NotOnnxError(f"graphs are nested more than {_DEEPEST} levels deep")
    out: list[bytes] = []
    schema, copied, stretches, long = SCHEMA[kind], span[0], 0, 0
    for field, wire, start, content, end in fields(buffer, *span):
        inner = schema.get(field)
        stretches += inner == DATA
        if inner is None or wire != BYTES or end - content <= INLINE:
            continue
        out.append(buffer[copied:start])
        copied = end
        if inner == DATA:
            long += 1
            place = [("offset", str(content)), ("length", str(end - content))]
            out.append(_reference([*ours, *place, (weights.FIELD, str(field))]))
            continue
        small = _skeleton(buffer, (content, end), inner, ours, depth + 1)
        out += (encode(field << 3 | BYTES), encode(sum(map(len, small))), *small)
    if long and stretches > 1:
        raise NotOnnxError("the data of a weight is in several pieces")
    out.append(buffer[copied : span[1]])
    return out


def _reference(said: _Entries) -> bytes:
    tensor = onnx.TensorProto(data_location=onnx.TensorProto.EXTERNAL)
    for key, value in said:
        tensor.external_data.add(key=key, value=value)
    return tensor.SerializeToString()


def _place(proto: onnx.ModelProto, folder: Path, home: Path, ours: _Entries) -> None:
    """Note where files of weights are looked for; refuse a model that says such things itself."""
    beside = [(weights.FOLDER, ranges.text_of(folder))]
    if folder.resolve() != home:
        beside.append((weights.HOME, ranges.text_of(home)))
    for tensor in every_tensor(proto):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        said = [(entry.key, entry.value) for entry in tensor.external_data]
        keys = [key for key, _ in said]
        if not any(key.startswith(weights.OURS) for key in keys):
            for key, value in beside:
                tensor.external_data.add(key=key, value=value)
        elif said[:2] != ours or keys[2:] != ["offset", "length", weights.FIELD]:
            raise NotOnnxError(
                f"weight {tensor.name!r} says in more than one way where its data is"
            )


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
        if head.startswith(magic):
            shown = magic.decode("latin-1") if magic.isascii() else magic.hex(" ")
            return f"{str(path)!r} is not an ONNX file (it starts with {shown!r}); {hint}"
    return f"{str(path)!r} is not an ONNX file, or a damaged one" + (f": {why}" if why else "")
