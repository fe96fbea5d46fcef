"""The shape of one tensor, from what feeds it: for the operators that convolutional networks are made of.

ONNX infers a graph as a whole, and first registers all its operators (16 ms): to learn the shape of one
tensor, that is most of the time. What there is no rule for is left to it.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Final

import onnx
from onnx import helper

from onnxprobe.graph.names import declared
from onnxprobe.graph.value import Dim, Value, dtype_name

Shape = tuple[Dim, ...]
Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What an operator makes of shapes.

    Attributes:
        shape: from its attributes and the shapes that it reads to that of its first output; ``None``
            where it does not follow.
        reads: how many of its inputs count for that; ``None`` for all, which are of one type then.
    """

    shape: Callable[[Attributes, Sequence[Shape]], Shape | None]
    reads: int | None


class Along:
    """The shapes of a graph that follow by the rules here, found when they are asked for."""

    def __init__(self, graph: onnx.GraphProto, given: Callable[[str], Value | None]) -> None:
        """Follow from the values that are ``given``, and from the weights that are stored."""
        self._graph, self._given = graph, given
        self._found: dict[str, Value] = {}
        self._shapes: dict[Hashable, Shape | None] = {}

    def value(self, name: str) -> Value | None:
        """Return a tensor whose type, rank and sizes follow; ``None`` where they do not."""
        todo, begun = [name], dict[str, tuple[onnx.NodeProto, Rule]]()
        while todo:
            at = todo[-1]
            found = self._found.get(at)
            if found is None and at in begun:
                found = self._made(at, *begun[at])
            elif found is None and (found := self._given(at) or self._stored.get(at)) is None:
                step = self._step(at)
                if step is None:
                    return None
                begun[at] = step
                todo += step[0].input[: step[1].reads]
                continue
            if found is None or found.dtype is None or found.shape is None or None in found.shape:
                return None
            self._found[todo.pop()] = found
        return self._found[name]

    def _step(self, name: str) -> tuple[onnx.NodeProto, Rule] | None:
        """Return what makes a tensor, if there is a rule for that and nothing else is said of it."""
        node = self._producers.get(name)
        if node is None or node.domain or node.output[0] != name or name in self._declared:
            return None
        rule = RULES.get(node.op_type)
        return None if rule is None else (node, rule)

    def _made(self, name: str, node: onnx.NodeProto, rule: Rule) -> Value | None:
        """Return what ``node`` makes of what it reads; ``None`` where it reads what it makes."""
        found = self._found
        reads = [found[read] for read in node.input[: rule.reads] if read in found]
        key = (
            node.op_type,
            tuple((value.dtype, value.shape) for value in reads),
            *(each.SerializeToString() for each in node.attribute),
        )
        if key not in self._shapes:  # a network has few kinds of layers: each is computed once
            self._shapes[key] = _shape(node, rule, reads)
        shape = self._shapes[key]
        return None if shape is None else Value(name, reads[0].dtype, shape)

    @cached_property
    def _producers(self) -> Mapping[str, onnx.NodeProto]:
        return {name: node for node in self._graph.node for name in node.output[:] if name}

    @cached_property
    def _stored(self) -> Mapping[str, Value]:
        return {
            tensor.name: Value(tensor.name, dtype_name(tensor.data_type), tuple(tensor.dims[:]))
            for tensor in self._graph.initializer
            if tensor.name not in self._declared
        }

    @cached_property
    def _declared(self) -> set[str]:
        """Names of which the file says something: ONNX sees how that goes with what follows."""
        return declared(self._graph)


def _shape(node: onnx.NodeProto, rule: Rule, reads: Sequence[Value]) -> Shape | None:
    """Return what ``node`` makes of these; ``None`` where one that it reads is missing."""
    whole = bool(reads) and len(reads) == len(node.input[: rule.reads])
    if not whole or len({value.dtype for value in reads}) > 1:
        return None
    try:
        said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        shape = rule.shape(said, [value.shape or () for value in reads])
    except (
        AttributeError,
        IndexError,
        OverflowError,
        TypeError,
        ValueError,
    ):  # an axis that is a text
        return None
    fits = shape is not None and all(isinstance(dim, str) or (dim or 0) >= 0 for dim in shape)
    return shape if fits else None


def _same(_: Attributes, shapes: Sequence[Shape]) -> Shape:
    return shapes[0]


def _conv(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    if len(shapes) < 2 or min(map(len, shapes)) < 2:  # noqa: PLR2004  picture and kernel; batch, channels
        return None
    (batch, _, *sizes), (channels, _, *kernel) = shapes
    places = _windows(said, sizes, kernel)
    asked = list(said.get("kernel_shape", kernel)) == kernel
    return (batch, channels, *places) if places is not None and asked else None


def _pool(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    places = _windows(said, shapes[0][2:], said.get("kernel_shape", ()))
    return None if places is None or said.get("ceil_mode") else (*shapes[0][:2], *places)


def _windows(said: Attributes, sizes: Sequence[Dim], kernel: Sequence[Dim]) -> Shape | None:
    """Return how many windows of ``kernel`` there are along each axis."""
    axes, how = len(kernel), said.get("auto_pad", b"NOTSET")
    strides, dilations = (said.get(key, [1] * axes) for key in ("strides", "dilations"))
    pads = said.get("pads", [0] * 2 * axes) if how == b"NOTSET" else [0] * 2 * axes
    whole = {len(sizes), len(strides), len(dilations), len(pads) / 2} == {axes} and axes
    if not whole or min(*strides, *dilations) < 1:
        return None
    found: list[Dim] = []
    for i, (size, width) in enumerate(zip(sizes, kernel, strict=True)):
        if not isinstance(size, int) or not isinstance(width, int):
            return None
        room = size + pads[i] + pads[i + axes] - dilations[i] * (width - 1) - 1
        found.append(-(-size // strides[i]) if how.startswith(b"SAME") else room // strides[i] + 1)
    return tuple(found) if all(isinstance(n, int) and n > 0 for n in found) else None


def _pool_all(_: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    first = shapes[0]
    return (*first[:2], *[1] * (len(first) - 2)) if len(first) > 1 else None


def _broadcast(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    if said:  # before opset 7 it was asked for
        return None
    rank, found = max(map(len, shapes)), list[Dim]()
    for sizes in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True):
        wide = set(sizes) - {1}
        if len(wide) > 1:
            return None
        found.append(wide.pop() if wide else 1)
    return tuple(found)


def _concat(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    rank, axis = len(shapes[0]), said.get("axis")
    if axis is None or not -rank <= axis < rank or {len(shape) for shape in shapes} != {rank}:
        return None
    at = axis % rank
    sizes = [size for shape in shapes if isinstance(size := shape[at], int)]
    others = {shape[:at] + shape[at + 1 :] for shape in shapes}
    if len(others) > 1 or len(sizes) < len(shapes):
        return None
    return (*shapes[0][:at], sum(sizes), *shapes[0][at + 1 :])


def _flatten(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    first, *rest = shapes[0] or (None,)
    sizes = [size for size in rest if isinstance(size, int)]
    return (first, prod(sizes)) if said.get("axis", 1) == 1 and len(sizes) == len(rest) else None


def _gemm(said: Attributes, shapes: Sequence[Shape]) -> Shape | None:
    if [len(shape) for shape in shapes] != [2, 2]:
        return None
    (rows, columns) = (bool(said.get(key)) for key in ("transA", "transB"))
    return shapes[0][rows], shapes[1][not columns]


RULES: Final[Mapping[str, Rule]] = (
    dict.fromkeys(
        [
            "Abs", "BatchNormalization", "Celu", "Clip", "Dropout", "Elu", "Erf", "Exp", "Gelu",
            "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LRN", "LeakyRelu",
            "Mish", "Neg", "PRelu", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh",
            "ThresholdedRelu",
        ],
        Rule(_same, 1),
    )
    | dict.fromkeys(["AveragePool", "LpPool", "MaxPool"], Rule(_pool, 1))
    | dict.fromkeys(["GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"], Rule(_pool_all, 1))
    | dict.fromkeys(["Add", "Div", "Max", "Min", "Mul", "Sub", "Sum"], Rule(_broadcast, None))
    | {
        "Concat": Rule(_concat, None),
        "Conv": Rule(_conv, 2),
        "Flatten": Rule(_flatten, 1),
        "Gemm": Rule(_gemm, 2),
    }
)  # fmt: skip
"""By operator; what it makes of shapes is in https://onnx.ai/onnx/operators."""
