"""Small constants in a file of weights beside the model, though shapes depend on them.

Shape inference does not look there, and ONNX Runtime refuses a file where it would have to. They get
there where a model is saved with a threshold of 0 bytes for what stays inside.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import onnx

from onnxprobe.graph.disk.small import bring, is_small
from onnxprobe.graph.disk.weights import every_attribute_tensor, is_beside
from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names, copied


def find(model: Model) -> Names:
    """Name the small constants that lie beside the model; those in attributes by what is written."""
    return tuple(dict.fromkeys(name for name, _ in _beside(model.proto)))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  found again in the copy
    """Write them into the file."""
    new = copied(model)
    bring(tensor for _, tensor in _beside(new))
    return Model(new, model.known)


def _beside(proto: onnx.ModelProto) -> Iterator[tuple[str, onnx.TensorProto]]:
    every = _every(proto.graph, *proto.functions)
    return ((name, tensor) for name, tensor in every if is_beside(tensor) and is_small(tensor))


def _every(graph: onnx.GraphProto, *functions: Any) -> Iterator[tuple[str, onnx.TensorProto]]:
    yield from ((tensor.name, tensor) for tensor in graph.initializer)
    nodes: Iterable[onnx.NodeProto] = (n for scope in (graph, *functions) for n in scope.node)
    for node in nodes:
        where = next(filter(None, node.output), node.name)
        yield from ((where, tensor) for tensor in every_attribute_tensor([node]))


OUTSIDE: Final = Ailment(
    "outside",
    "small constants in a file of weights beside the model",
    "in the file itself",
    find,
    mend,
    when="refused",
)
