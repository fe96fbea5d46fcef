"""Small constants on which shapes may depend, brought into memory from where they lie on disk.

Shape inference, ONNX's and that of runtimes, reads them out of the model and nowhere else.
"""

from collections.abc import Iterable
from math import prod
from typing import Final

import onnx
from onnx import TensorProto

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk import weights

_SIZES: Final = 1024
"""Elements up to which whole numbers may be sizes, axes or places."""
_SCALES: Final = 16
"""The same for other constants: scales of a Resize, a factor; larger ones are weights."""
_WHOLE: Final = frozenset({TensorProto.BOOL, TensorProto.INT32, TensorProto.INT64})


def is_small(tensor: onnx.TensorProto) -> bool:
    """Tell whether the elements of ``tensor`` may be what a shape depends on."""
    return prod(tensor.dims[:]) <= (_SIZES if tensor.data_type in _WHOLE else _SCALES)


def with_small(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return ``proto`` with its small constants in memory; itself where they are.

    Those that cannot be read stay where they are said to be.
    """
    if not any(map(_away, weights.every_tensor(proto.graph))):
        return proto
    new = onnx.ModelProto()
    new.CopyFrom(proto)
    bring(weights.every_tensor(new.graph))
    return new


def bring(tensors: Iterable[onnx.TensorProto]) -> None:
    """Put the elements of those of ``tensors`` that are small into them, where they can be read."""
    for tensor in filter(_away, tensors):
        try:
            tensor.CopyFrom(weights.loaded(tensor))
        except (MissingWeightsError, NotOnnxError):
            continue


def _away(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == TensorProto.EXTERNAL and is_small(tensor)
