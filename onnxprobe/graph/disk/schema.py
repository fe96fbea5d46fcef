"""Which fields of which message of ``onnx.proto`` can hold tensor data."""

from collections.abc import Iterator
from typing import Final

import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import RAW_DATA

EXTERNAL_DATA: Final = 13
DATA_LOCATION: Final = 14
DATA: Final = "data"
"""What a field is called that is tensor data itself."""
PLACE: Final = "place"
"""What a field is called that says where tensor data is."""

SCHEMA: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": dict.fromkeys((4, 5, 7, RAW_DATA, 10, 11), DATA) | {EXTERNAL_DATA: PLACE},
}
"""From a message to its fields: the number of each, and what message it is in turn. String data
(6) is left out: it is one field an element."""


def every_tensor(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor written into a model, local functions included."""
    yield from weights.every_tensor(proto.graph)
    for function in proto.functions:
        yield from weights.every_attribute_tensor(function.node)
