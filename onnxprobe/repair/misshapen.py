"""Tensors that are declared with a shape that they cannot have, as edited and converted files are.

Runtimes go by the nodes and warn; what is planned by the declaration (a server's configuration, buffers)
is wrong.
"""

from typing import Final

from onnx import ValueInfoProto

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Dim, Value
from onnxprobe.repair._base import Ailment, Names, copied, declarations, following, redeclared

Shape = tuple[Dim, ...]


def find(model: Model) -> Names:
    """Name the tensors whose declared rank, or a size of them, is not what follows from the nodes."""
    there = [info for info in declarations(model.proto) if info.name in model.producers]
    follows = following(model) if there else {}
    return tuple(info.name for info in there if _wrong(info, follows.get(info.name)))


def mend(model: Model, names: Names) -> Model:
    """Declare what follows in the place of what contradicts it."""
    new, follows = copied(model), following(model)
    for info in declarations(new):
        if info.name in names:
            told, shape = Value.of(info), follows[info.name].shape or ()
            mended = Value(info.name, told.dtype, _mended(told.shape or (), shape))
            info.type.tensor_type.shape.CopyFrom(mended.info().type.tensor_type.shape)
    return redeclared(model, new)


def _wrong(info: ValueInfoProto, follows: Value | None) -> bool:
    said = Value.of(info).shape
    if said is None or follows is None or follows.shape is None:
        return False
    return len(said) != len(follows.shape) or any(map(_contradict, said, follows.shape))


def _mended(said: Shape, follows: Shape) -> Shape:
    if len(said) != len(follows):
        return follows
    pairs = zip(said, follows, strict=True)
    return tuple(right if _contradict(told, right) else told for told, right in pairs)


def _contradict(said: Dim, follows: Dim) -> bool:
    return isinstance(said, int) and isinstance(follows, int) and said != follows


MISSHAPEN: Final = Ailment(
    "misshapen",
    "tensors declared with a shape that they cannot have",
    "declared with the one that follows",
    find,
    mend,
)
