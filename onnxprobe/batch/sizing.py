"""The shapes that one node gives, worked out from those it reads and the numbers known by then."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import checker, defs, numpy_helper, shape_inference

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.opsets.forms import bounded
from onnxprobe.graph.value import Value

Sizes = tuple[int | None, ...]

_LIKELY: Final = "float32"
"""What a tensor of unknown type is taken for: few shapes depend on it."""


def given(
    model: Model,
    node: Node,
    shapes: Sequence[Sizes | None],
    numbers: Mapping[str, NDArray[np.generic]],
) -> dict[str, Sizes]:
    """Return the shapes of what ``node`` gives, as far as they follow.

    ONNX's inference of a whole graph gives up where an exporter computes a shape by more than a few
    operators (Where, Equal, Expand, as torch does). Here the numbers are known, and it is asked for one
    node at a time. Operators of other domains, and those that run a graph of their own, are not asked.

    Args:
        model: holds ``node``.
        node: the operation.
        shapes: of each of its inputs; ``None`` where unknown.
        numbers: the values of those inputs whose values are known.
    """
    if node.captures or node.proto.domain:
        return {}
    types = {
        name: Value(name, model.values[name].dtype or _LIKELY, shape).info().type
        for name, shape in zip(node.inputs, shapes, strict=True)
        if name and name in model.values
    }
    data = {name: numpy_helper.from_array(array) for name, array in numbers.items()}
    try:
        schema = defs.get_schema(node.op, max_inclusive_version=bounded(model.opset), domain="")
        found = shape_inference.infer_node_outputs(
            schema,
            node.proto,
            types,
            data,
            opset_imports=list(model.proto.opset_import),
            ir_version=model.ir_version,
        )
    except (
        checker.ValidationError,
        defs.SchemaError,
        shape_inference.InferenceError,
        KeyError,
        RuntimeError,
    ):
        return {}
    return {name: sizes for name, type_ in found.items() if (sizes := _sizes(name, type_))}


def _sizes(name: str, type_: onnx.TypeProto) -> Sizes | None:
    shape = Value.of(onnx.ValueInfoProto(name=name, type=type_)).shape
    return None if shape is None else tuple(d if isinstance(d, int) else None for d in shape)
