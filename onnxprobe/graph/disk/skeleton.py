"""Reading ``.onnx`` by byte ranges, so that weights are never loaded.

The wire format of the file is walked, and everything but the long tensor data copied, in whose
place stands a reference (see ``weights``); the result, a skeleton, is parsed as usual.
"""

from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError

from onnxprobe.errors import NotOnnxError
from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import OpenFile, stamp, text_of
from onnxprobe.graph.disk.schema import DATA, DATA_LOCATION, PLACE, SCHEMA, every_tensor
from onnxprobe.graph.disk.strict import check_text
from onnxprobe.graph.disk.varint import BYTES, Buffer, encode, fields

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
        content, real = OpenFile(file), path.resolve()
        if not len(content):
            raise NotOnnxError(f"{str(path)!r} is not an ONNX file (it is empty)")
        ours = [("location", text_of(real)), (weights.STAMP, stamp(file))]
        head = content[:32]
        try:
            small = b"".join(_skeleton(content, (0, len(content)), "model", ours))
            check_text(small)
            proto = onnx.ModelProto.FromString(small)
        except NotOnnxError as error:
            raise NotOnnxError(_what_it_is(path, head, str(error))) from None
        except DecodeError:
            raise NotOnnxError(_what_it_is(path, head, "")) from None
    if not proto.HasField("graph") or not proto.ir_version:
        raise NotOnnxError(_what_it_is(path, head, ""))
    _place(proto, path.absolute().parent, real.parent)
    return proto


def _skeleton(
    buffer: Buffer, span: _Span, kind: str, ours: _Entries, depth: int = 0
) -> list[bytes]:
    if depth > _DEEPEST:
        raise NotOnnxError(f"graphs are nested more than {_DEEPEST} levels deep")
    out: list[bytes] = []
    place: _Entries = []
    said: _Entries = []
    schema, copied, stretches = SCHEMA[kind], span[0], 0
    for field, wire, start, content, end in fields(buffer, *span):
        inner = schema.get(field)
        stretches += inner in (DATA, PLACE)
        if kind == "tensor" and field == DATA_LOCATION:
            said = [(weights.SAID, "1")]
        if inner in (None, PLACE) or wire != BYTES or end - content <= INLINE:
            continue
        out.append(_untouched(buffer[copied:start]))
        copied = end
        if inner == DATA:
            stretch = [("offset", str(content)), ("length", str(end - content))]
            place = [*ours, *stretch, (weights.FIELD, str(field))]
            continue
        small = _skeleton(buffer, (content, end), inner, ours, depth + 1)
        out += (encode(field << 3 | BYTES), encode(sum(map(len, small))), *small)
    if place and stretches > 1:
        raise NotOnnxError("the data of a weight is in several places")
    out.append(_untouched(buffer[copied : span[1]]))
    # last, as what comes last holds: the file may say itself where the data is
    return [*out, _reference([*place, *said])] if place else out


def _untouched(data: bytes) -> bytes:
    """Return what is copied from the file; a file must not pretend to be in memory already."""
    if weights.OURS.encode() in data:
        raise NotOnnxError(f"it holds {weights.OURS!r}, which has a meaning in memory only")
    return data


def _reference(said: _Entries) -> bytes:
    tensor = onnx.TensorProto(data_location=onnx.TensorProto.EXTERNAL)
    for key, value in said:
        tensor.external_data.add(key=key, value=value)
    return tensor.SerializeToString()


def _place(proto: onnx.ModelProto, folder: Path, home: Path) -> None:
    """Note where the files of weights beside the model are looked for."""
    said = onnx.TensorProto()
    said.external_data.add(key=weights.FOLDER, value=text_of(folder))
    if folder.resolve() != home:
        said.external_data.add(key=weights.HOME, value=text_of(home))
    more = said.SerializeToString()
    for tensor in every_tensor(proto):
        if weights.is_beside(tensor):
            tensor.MergeFromString(more)


_OTHER_FILES: Final = {
    b"PK": "a PyTorch checkpoint is exported with torch.onnx.export",
    b"\x80": "a PyTorch checkpoint is exported with torch.onnx.export",
    b"\x89HDF": "a Keras model is exported with tf2onnx",
    b"<": "it looks like a web page or XML: was the download refused?",
    b"version https://git-lfs": "it is a Git LFS pointer: run git lfs pull",
    b"\x89PNG": "it is a picture",
    b"\xff\xd8\xff": "it is a picture",
    b"ORTM": "it is ONNX Runtime's own format: use the .onnx it was made from",
}


def _what_it_is(path: Path, head: bytes, why: str) -> str:
    for magic, hint in _OTHER_FILES.items():
        if head.startswith(magic):
            shown = magic.decode("latin-1") if magic.isascii() else magic.hex(" ")
            return f"{str(path)!r} is not an ONNX file (it starts with {shown!r}); {hint}"
    return f"{str(path)!r} is not an ONNX file, or a damaged one" + (f": {why}" if why else "")
