"""What makes, turns and packs class labels: in the new graph only their indices are left."""

from typing import Any, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from onnxprobe.errors import LoweringError
from onnxprobe.graph.model import Node
from onnxprobe.lowering.operators._base import (
    Label,
    Labels,
    OperatorRule,
    Rewriter,
    class_labels,
    ml,
    texts,
)

_KINDS: Final = ("int64s", "strings", "floats")
_CASTS: Final[dict[int, tuple[Any, Any]]] = {
    onnx.TensorProto.INT64: (int, np.int64),
    onnx.TensorProto.INT32: (int, np.int32),
    onnx.TensorProto.STRING: (str, np.str_),
    onnx.TensorProto.FLOAT: (float, np.float32),
    onnx.TensorProto.DOUBLE: (float, np.float64),
}
"""What labels may be cast to and stay labels: converters take whole ones through float and back."""


def _extractor(write: Rewriter, node: Node) -> None:
    """Elements of the last axis; of a list of classes that is a choice of labels."""
    data, chosen = node.inputs
    listed = write.written(data)
    if listed is not None and listed.dtype.kind in "iuOUS" and listed.size == listed.shape[-1]:
        flat = write.op("Reshape", chosen, write.integers([1, -1]))
        index = write.op("Cast", flat, to=int(onnx.TensorProto.INT64))
        write.labels[node.outputs[0]] = Labels(index, _plain(listed.ravel().tolist()))
        return
    picked = write.op("Reshape", chosen, write.integers([-1]))
    source = write.op("Gather", data, picked, axis=-1) if write.opset >= 11 else ""  # noqa: PLR2004
    if not source:
        raise LoweringError("ArrayFeatureExtractor has no plain form before opset 11")
    write.op("Identity", source, out=node.outputs[0])


def _encoder(write: Rewriter, node: Node) -> None:
    keys, values, default = _table(node)
    x = node.inputs[0]
    if x in write.labels:
        told = dict(zip(keys, values, strict=True))
        found = write.labels[x]
        _placed(write, node.outputs[0], found.index, [told.get(v, default) for v in found.values])
        return
    if any(isinstance(key, str) for key in keys):
        raise LoweringError(f"LabelEncoder {node.name!r} reads text, which has no numeric form")
    if keys == list(range(len(keys))):
        _placed(write, node.outputs[0], x, values)
        return
    kind = np.int64 if isinstance(keys[0], int) else np.float32
    same = write.op("Equal", write.unsqueeze(x, [-1]), write.array(keys, kind))
    hits = write.op("Cast", same, to=1)
    index = write.op("ArgMax", hits, axis=-1, keepdims=0)
    none = write.op(
        "Not", write.op("Greater", write.reduce("ReduceMax", hits, [-1]), write.array(0.0))
    )
    past = write.array(len(keys), np.int64)
    _placed(write, node.outputs[0], write.op("Where", none, past, index), [*values, default])


def _placed(write: Rewriter, out: str, index: str, values: list[Any]) -> None:
    if any(isinstance(value, float) for value in values):
        write.op("Gather", write.array(values), index, out=out)
    else:
        write.labels[out] = Labels(index, _plain(values))


def _table(node: Node) -> tuple[list[Any], list[Any], Any]:
    """Return keys, values and default of every version of LabelEncoder."""
    classes = node.attribute("classes_strings")
    if classes:  # version 1: text to numbers or back
        return (
            list(range(len(classes))),
            list(texts(classes)),
            node.attribute("default_string", "_Unused"),
        )
    sides = []
    for side in ("keys", "values"):
        tensor = node.attribute(f"{side}_tensor")
        said = next((s for kind in _KINDS if (s := node.attribute(f"{side}_{kind}"))), ())
        listed = numpy_helper.to_array(tensor).tolist() if tensor is not None else list(said)
        sides.append([v.decode() if isinstance(v, bytes) else v for v in listed])
    keys, values = sides
    if not values:
        raise LoweringError(f"LabelEncoder {node.name!r} says nothing of its values")
    if isinstance(values[0], str):
        return keys, values, node.attribute("default_string", "_Unused")
    whole = isinstance(values[0], int)
    name, usual = ("default_int64", -1) if whole else ("default_float", -0.0)
    return keys, values, node.attribute(name, usual)


def _zip_map(write: Rewriter, node: Node) -> None:
    write.zipped[node.outputs[0]] = (node.inputs[0], class_labels(node))


def _carried(write: Rewriter, node: Node) -> None:
    """What only moves labels moves their indices."""
    x = node.inputs[0]
    found = write.labels.get(x)
    to = node.attribute("to")
    if found is None or (to is not None and not _stays(found.values, to)):
        write.keep(node.proto)
        return
    if node.op == "Cast":
        python, kind = _CASTS[to]
        write.labels[node.outputs[0]] = Labels(found.index, tuple(map(python, found.values)), kind)
        return
    moved = helper.make_node(node.op, [], [])
    moved.CopyFrom(node.proto)
    moved.input[0], moved.output[0] = found.index, f"{write.prefix}{node.outputs[0]}"
    write.keep(moved)
    write.labels[node.outputs[0]] = Labels(moved.output[0], found.values, found.kind)


def _stays(values: tuple[Label, ...], to: int) -> bool:
    """Tell whether labels are told apart after a cast as before it."""
    if to not in _CASTS:
        return False
    try:
        return len(set(map(_CASTS[to][0], values))) == len(set(values))
    except ValueError:  # text that is no number
        return False


def _plain(values: list[Any]) -> tuple[Label, ...]:
    return tuple(v.decode() if isinstance(v, bytes) else v for v in values)


LABELS: Final[tuple[OperatorRule, ...]] = (
    ml("ArrayFeatureExtractor", _extractor),
    ml("LabelEncoder", _encoder),
    ml("ZipMap", _zip_map),
    *(
        OperatorRule(op, _carried)
        for op in ("Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze")
    ),
)
