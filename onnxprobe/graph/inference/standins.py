"""Operators of ONNX Runtime's own, and standard ones in their place that give the same shapes.

Optimised and quantised files are full of operators that ONNX's inference knows nothing of, and stops
at. What each reads and gives is said by ONNX Runtime's ``docs/ContribOperators.md``. To add one: write a
function like these, or use one, and list it in ``STANDINS``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

DOMAIN: Final = "com.microsoft"
INNER: Final = "onnxprobe.standin/"
"""What the names of tensors begin with that only stand-ins have."""

Nodes = list[onnx.NodeProto]
StandIn = Callable[[onnx.NodeProto], Nodes | None]
"""Standard nodes that write the first output; ``None`` where that cannot be said."""

_FLOAT: Final = int(onnx.TensorProto.FLOAT)


def put_in(graph: onnx.GraphProto) -> None:
    """Replace every node of ``graph`` that has a stand-in; tensors keep their names."""
    nodes = [new for node in graph.node for new in _instead(node)]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _instead(node: onnx.NodeProto) -> Iterable[onnx.NodeProto]:
    rule = STANDINS.get(node.op_type) if node.domain == DOMAIN else None
    found = None if rule is None else rule(node)
    return (node,) if found is None else found


def same(place: int = 0) -> StandIn:
    """What is given has the shape of what is read at ``place``."""

    def rule(node: onnx.NodeProto) -> Nodes:
        return [_node("Identity", [node.input[place]], node.output[0])]

    return rule


def sum_too(node: onnx.NodeProto) -> Nodes:
    """Normalise a sum, and give the sum as well, fourth."""
    given = (node.output[i] for i in (0, 3) if i < len(node.output) and node.output[i])
    return [_node("Identity", [node.input[0]], name) for name in given]


def as_standard(op: str, *places: int, leave_out: str = "activation", to: int = 0) -> StandIn:
    """Return ``op`` on what is read at ``places``, all where none is named, with its attributes.

    Args:
        op: the standard operator.
        places: which inputs it reads.
        leave_out: what the attributes begin with that it does not have.
        to: the type to cast to; 0 leaves the type that ``op`` gives.
    """

    def rule(node: onnx.NodeProto) -> Nodes | None:
        if _setting(node, "channels_last"):
            return None
        read = [node.input[i] for i in places or range(len(node.input)) if i < len(node.input)]
        new = _node(op, read, _inner(node, "it") if to else node.output[0])
        new.attribute.extend(a for a in node.attribute if not a.name.startswith(leave_out))
        return [new, _node("Cast", new.output[:], node.output[0], to=to)] if to else [new]

    return rule


def between_turns(op: str, *places: int) -> StandIn:
    """Return ``op`` on maps whose channels come last."""

    def rule(node: onnx.NodeProto) -> Nodes:
        turned, done = _inner(node, "turned"), _inner(node, "done")
        first, *others = [node.input[i] for i in places if i < len(node.input)]
        new = _node(op, [turned, *others], done)
        kept = (a for a in node.attribute if not a.name.startswith(("activation", "channels_last")))
        new.attribute.extend(kept)
        return [
            _node("Transpose", [first], turned, perm=[0, 3, 1, 2]),
            new,
            _node("Transpose", [done], node.output[0], perm=[0, 2, 3, 1]),
        ]

    return rule


def quantised_convolution(node: onnx.NodeProto) -> Nodes | None:
    """Convolve, with channels first or last."""
    rule = between_turns if _setting(node, "channels_last") else as_standard
    return rule("Conv", 0, 3)(node)


def matrix_product(node: onnx.NodeProto) -> Nodes | None:
    """Multiply two stacks of matrices, each turned if asked; turned ones have to have the same rank."""
    if _setting(node, "transBatchA") or _setting(node, "transBatchB"):
        return None
    if not (_setting(node, "transA") or _setting(node, "transB")):
        return [_node("MatMul", node.input[:2], node.output[0])]
    a = "ji" if _setting(node, "transA") else "ij"
    b = "kj" if _setting(node, "transB") else "jk"
    equation = f"...{a},...{b}->...ik"
    return [_node("Einsum", node.input[:2], node.output[0], equation=equation)]


def joined(node: onnx.NodeProto) -> Nodes:
    """Concatenate what lies between scales and zero points."""
    new = _node("Concat", node.input[2::3], node.output[0])
    new.attribute.extend(node.attribute)
    return [new]


def packed_attention(node: onnx.NodeProto) -> Nodes | None:
    """Project to queries, keys and values, a third of the width each; values are as wide as the answer."""
    if any(a.name == "qkv_hidden_sizes" for a in node.attribute):
        return None
    product, shape, parts, first = (_inner(node, name) for name in ("all", "shape", "parts", "0"))
    return [
        _node("MatMul", node.input[:2], product),
        _numbers([0, 0, 3, -1], shape),
        _node("Reshape", [product, shape], parts),
        _numbers(0, first),
        _node("Gather", [parts, first], node.output[0], axis=2),
    ]


def attention(node: onnx.NodeProto) -> Nodes | None:
    """Weigh values by how queries fit keys, each (batch, tokens, width)."""
    if len(node.input) < 3 or not all(node.input[:3]):  # noqa: PLR2004
        return None
    query, key, value = node.input[:3]
    turned, scores = _inner(node, "turned"), _inner(node, "scores")
    return [
        _node("Transpose", [key], turned, perm=[0, 2, 1]),
        _node("MatMul", [query, turned], scores),
        _node("MatMul", [scores, value], node.output[0]),
    ]


def _node(op: str, read: Iterable[str], written: str, **settings: Any) -> onnx.NodeProto:
    return helper.make_node(op, list(read), [written], **settings)


def _numbers(values: object, written: str) -> onnx.NodeProto:
    array = numpy_helper.from_array(np.array(values, np.int64))
    return _node("Constant", [], written, value=array)


def _inner(node: onnx.NodeProto, name: str) -> str:
    return f"{INNER}{node.output[0]}/{name}"


def _setting(node: onnx.NodeProto, name: str) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), 0)


STANDINS: Final[Mapping[str, StandIn]] = {
    "Attention": packed_attention,
    "BiasGelu": same(),
    "DynamicQuantizeMatMul": as_standard("MatMul", 0, 1),
    "FastGelu": same(),
    "FusedConv": as_standard("Conv", 0, 1, 2),
    "FusedGemm": as_standard("Gemm"),
    "FusedMatMul": matrix_product,
    "Gelu": same(),
    "MatMulIntegerToFloat": as_standard("MatMul", 0, 1, to=_FLOAT),
    "MultiHeadAttention": attention,
    "NhwcMaxPool": between_turns("MaxPool", 0),
    "QGemm": as_standard("Gemm", 0, 3),
    "QLinearAdd": as_standard("Add", 0, 3),
    "QLinearAveragePool": as_standard("AveragePool", 0, leave_out="channels_last"),
    "QLinearConcat": joined,
    "QLinearConv": quantised_convolution,
    "QLinearGlobalAveragePool": as_standard("GlobalAveragePool", 0, leave_out="channels_last"),
    "QLinearLeakyRelu": same(),
    "QLinearMul": as_standard("Mul", 0, 3),
    "QLinearSigmoid": same(),
    "QLinearSoftmax": same(),
    "QLinearWhere": as_standard("Where", 0, 1, 4),
    "QuickGelu": same(),
    "RotaryEmbedding": same(),
    "SkipLayerNormalization": sum_too,
    "SkipSimplifiedLayerNormalization": sum_too,
}
"""By operator of the domain ``com.microsoft``."""
