"""The batch, asked of a tensor in the middle instead of the model's input.

Exporters write ``Shape(image)`` wherever the batch is needed: in front of a Reshape, an Expand. A part
of the graph that begins later has no image. Where all sizes that are asked for are written in the
file but for the batch, any tensor that has the batch answers as well.
"""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import onnx
from onnx import numpy_helper

from onnxprobe.graph.build import OLDEST, Builder
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Dim

_ENDS_FROM: Final = 15
"""The opset from which a Shape can leave sizes out."""


def asks_batch(model: Model, node: Node) -> bool:
    """Tell whether ``node`` gives sizes all of which are known but for the batch."""
    if node.op != "Shape" or model.opset < OLDEST:
        return False
    batch, sizes = batch_of(model), _asked(model, node)
    return sizes is not None and all(isinstance(size, int) or size == batch for size in sizes)


def feature_or_size(model: Model, node: Node) -> Iterable[str]:
    """Return what ``node`` reads, but for what it asks no more than the batch of."""
    return () if asks_batch(model, node) else node.reads


def has_batch(model: Model, tensor: str) -> bool:
    """Tell whether one of the sizes of ``tensor`` is the batch; a fixed one need not be asked for."""
    batch = batch_of(model)
    return isinstance(batch, int) or batch in (model.value(tensor).shape or ())


def asked_of(model: Model, tensors: Collection[str], nodes: Collection[Node]) -> Model:
    """Return ``model`` with those of ``nodes`` that ask for the batch asking one of ``tensors``.

    What they give keeps its name and is the same to the number. Where none of ``tensors`` has the
    batch, or none of ``nodes`` asks for it, the model is returned as it is.
    """
    source = next((name for name in tensors if has_batch(model, name)), None)
    asking = [node for node in model.nodes if node in nodes and asks_batch(model, node)]
    if source is None or not asking:
        return model
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    del new.graph.node[:]
    for node in model.nodes:
        again = _nodes(model, node, source) if node in asking else (node.proto,)
        new.graph.node.extend(again)
    return Model(new, model.known, model.inferred)


def _asked(model: Model, node: Node) -> tuple[Dim, ...] | None:
    value = model.values.get(node.inputs[0]) if node.inputs else None
    if value is None or value.shape is None or not node.outputs:
        return None
    return value.shape[node.attribute("start", 0) : node.attribute("end")]


def _nodes(model: Model, node: Node, source: str) -> list[onnx.NodeProto]:
    """Write the sizes that ``node`` gives: the batch of ``source``, and numbers."""
    build, output = Builder(model.opset, prefix=f"{node.outputs[0]}/"), node.outputs[0]
    sizes, batch = _asked(model, node) or (), batch_of(model)
    if isinstance(batch, int) or batch not in sizes:
        _numbers(build, sizes, output)
        return build.protos
    place = (model.value(source).shape or ()).index(batch)
    alone = output if len(sizes) == 1 else None
    count = _batch(build, source, place, alone)
    if alone is None:
        parts = (count if size == batch else _numbers(build, [size]) for size in sizes)
        build.op("Concat", *parts, axis=0, out=output)
    return build.protos


def _batch(build: Builder, source: str, place: int, out: str | None) -> str:
    if build.opset >= _ENDS_FROM:
        return build.op("Shape", source, start=place, end=place + 1, out=out)
    return build.op("Gather", build.op("Shape", source), _numbers(build, [place]), out=out)


def _numbers(build: Builder, sizes: Iterable[Dim], out: str | None = None) -> str:
    value = numpy_helper.from_array(np.asarray([*sizes], np.int64))
    return build.op("Constant", value=value, out=out)
