"""Nodes in front of a model, in place of its input."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import onnx
from onnx import helper

from onnxprobe.graph.model import Model

_WEIGHTS_NEED_NOT_BE_INPUTS: Final = 4


def before(
    model: Model,
    front: Model,
    name: str,
    *,
    without: str = "",
    facts: Mapping[str, str] | None = None,
) -> Model:
    """Put ``front``, which writes ``name``, before ``model``, whose input that was.

    Of the metadata the key ``without`` is dropped, and ``facts`` are added.
    """
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    graph, constants = proto.graph, front.proto.graph.initializer
    nodes = [*front.proto.graph.node, *graph.node]
    if model.ir_version >= _WEIGHTS_NEED_NOT_BE_INPUTS:
        graph.initializer.extend(constants)
    else:
        as_nodes = (helper.make_node("Constant", [], [t.name], value=t) for t in constants)
        nodes = [*as_nodes, *nodes]
    inputs = [front.proto.graph.input[0] if v.name == name else v for v in graph.input]
    metadata = [e for e in proto.metadata_props if e.key != without]
    del graph.node[:]
    graph.node.extend(nodes)
    _replace(graph.input, inputs)
    _replace(proto.metadata_props, metadata)
    for key, value in (facts or {}).items():
        proto.metadata_props.add(key=key, value=value)
    return Model(proto)


def _replace(field: Any, values: Sequence[Any]) -> None:
    copies = [type(value)() for value in values]  # what is deleted may not be read again
    for copy, value in zip(copies, values, strict=True):
        copy.CopyFrom(value)
    del field[:]
    field.extend(copies)
