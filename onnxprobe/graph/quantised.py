"""What the whole numbers of a quantised tensor stand for: ``(number - zero point) * scale``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.ops import bare

_WRITES: Final[Mapping[str, tuple[int, int]]] = {
    "QGemm": (7, 8),
    "QLinearAdd": (6, 7),
    "QLinearAveragePool": (3, 4),
    "QLinearConcat": (0, 1),
    "QLinearConv": (6, 7),
    "QLinearGlobalAveragePool": (3, 4),
    "QLinearLeakyRelu": (3, 4),
    "QLinearMatMul": (6, 7),
    "QLinearMul": (6, 7),
    "QLinearReduceMean": (3, 4),
    "QLinearSigmoid": (3, 4),
    "QLinearSoftmax": (3, 4),
    "QLinearWhere": (7, 8),
    "QuantizeLinear": (1, 2),
}
"""Which inputs say the scale and the zero point of what an operator writes."""
_READS: Final[Mapping[str, tuple[int, int]]] = {
    "DequantizeLinear": (1, 2),
    "QLinearConv": (1, 2),
    "QLinearMatMul": (1, 2),
}
"""The same for what it reads first."""
_KEEPS: Final = frozenset(
    {
        "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "GlobalMaxPool", "Identity",
        "MaxPool", "NhwcMaxPool", "ReduceMax", "ReduceMin", "Reshape", "Resize", "Slice",
        "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""Operators whose numbers stand for the same as those they read."""
_DYNAMIC: Final = "DynamicQuantizeLinear"
_NUMBERS: Final = frozenset({"int8", "uint8"})
"""Types that every opset with quantisation can scale back."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How to get from whole numbers back to floats.

    Attributes:
        scale: the tensor that holds the scale.
        zero: the tensor that holds the zero point; empty where that is 0.
        axis: the axis along which they differ; ``None`` where they are one number each.
    """

    scale: str
    zero: str
    axis: int | None

    @property
    def tensors(self) -> tuple[str, ...]:
        """The names of both."""
        return tuple(filter(None, (self.scale, self.zero)))

    def floats(
        self, numbers: NDArray[Any], tensors: Mapping[str, NDArray[Any]]
    ) -> NDArray[np.float32]:
        """Return what ``numbers`` stand for, given the values of the two tensors."""
        parts = [tensors[name].astype(np.float32) for name in self.tensors]
        if self.axis is not None:
            shape = [-1 if i == self.axis else 1 for i in range(numbers.ndim)]
            parts = [part.reshape(shape) for part in parts]
        found = numbers.astype(np.float32)
        centred = found - parts[1] if self.zero else found
        scaled: NDArray[np.float32] = centred * parts[0]
        return scaled


def scale_of(model: Model, tensor: str) -> Scale | None:
    """Return how the numbers of ``tensor`` are scaled; ``None`` where they stand for themselves.

    The node that writes a quantised tensor says so, looked for through pooling by maximum and
    what only rearranges; else a node that reads it.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    if model.value(tensor).dtype not in _NUMBERS:
        return None
    return next(_found(model, tensor), None)


def _found(model: Model, tensor: str) -> Iterator[Scale]:
    name, node = tensor, model.producers.get(tensor)
    while node is not None and bare(node) in _KEEPS:
        name = node.inputs[0]
        node = model.producers.get(name)
    if node is not None:
        yield from _written(model, node, direct=name == tensor)
    for reader in model.readers.get(tensor, ()):
        if bare(reader) in _READS and reader.inputs[0] == tensor:
            yield from _said(model, reader, _READS[bare(reader)], direct=True)


def _written(model: Model, node: Node, *, direct: bool) -> Iterator[Scale]:
    if bare(node) == _DYNAMIC:
        yield Scale(node.outputs[1], node.outputs[2], None)
    elif bare(node) in _WRITES:
        yield from _said(model, node, _WRITES[bare(node)], direct=direct)


def _said(model: Model, node: Node, places: tuple[int, int], *, direct: bool) -> Iterator[Scale]:
    scale, zero = (node.inputs[i] if i < len(node.inputs) else "" for i in places)
    shape = model.value(scale).shape if scale else None
    if shape is None or node.attribute("block_size", 0):
        return
    if shape in {(), (1,)}:
        yield Scale(scale, zero, None)
    elif direct and len(shape) == 1 and bare(node) in {"DequantizeLinear", "QuantizeLinear"}:
        axis, rank = node.attribute("axis", 1), len(model.value(node.inputs[0]).shape or ())
        yield Scale(scale, zero, axis + rank if axis < 0 else axis)
