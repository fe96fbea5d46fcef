"""What each node costs: the numbers it stores, and what it computes for one sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Final

import numpy as np
import onnx

from onnxprobe.graph import weights
from onnxprobe.graph.macs import NESTED, Operands, Sizes, macs
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.shapes import batch_of, one_sample
from onnxprobe.graph.value import Dim

_INDICES: Final = frozenset(
    onnx.TensorProto.DataType.Value(name) for name in ("BOOL", "INT16", "INT32", "INT64", "STRING")
)
"""Types of constants that say where or how many. Biases of quantized layers are int32 all the same."""
_QUANTIZED: Final = ("QLinear", "DequantizeLinear", "ConvInteger", "MatMulInteger", "QGemm")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one node takes.

    Attributes:
        parameters: how many numbers of the file it reads, running statistics of a normalisation
            included; single numbers (a limit, an exponent) and indices are no parameters.
        weight_bytes: their size on disk.
        macs: multiply-accumulates for one sample; ``None`` where a shape or the operator is unknown.
        activation_bytes: size of what it writes for one sample; ``None`` where unknown.
    """

    parameters: int
    weight_bytes: int
    macs: int | None
    activation_bytes: int | None


def costs(model: Model) -> tuple[Cost, ...]:
    """Return the cost of every node, in file order. No weights are read.

    Where the file fixes the batch, its cost is divided by it.
    """
    batch = batch_of(model)
    rows = batch if isinstance(batch, int) else 1
    shapes: dict[tuple[Dim, ...] | None, Sizes | None] = {}
    for value in model.values.values():
        if value.shape not in shapes:
            shapes[value.shape] = one_sample(value, batch)
    sizes = {name: shapes[value.shape] for name, value in model.values.items()}
    return tuple(_cost(model, node, sizes, max(1, rows)) for node in model.nodes)


def _cost(model: Model, node: Node, sizes: dict[str, Sizes | None], rows: int) -> Cost:
    stored = tuple(_parameters(model, node))
    work = macs(Operands(node, sizes))
    written = [_bytes(model.values[name].dtype, sizes.get(name)) for name in node.writes]
    known = [size for size in written if size is not None]
    return Cost(
        parameters=sum(prod(tensor.dims) for tensor in stored),
        weight_bytes=sum(weights.size(tensor) for tensor in stored),
        macs=None if work is None else work // rows,
        activation_bytes=sum(known) // rows if len(known) == len(written) else None,
    )


def _parameters(model: Model, node: Node) -> Iterator[onnx.TensorProto]:
    if node.op == "Constant":
        return
    outer = [model.tensors[name] for name in dict.fromkeys(node.reads) if name in model.tensors]
    inner = weights.every_attribute_tensor((node.proto,)) if node.op in NESTED else ()
    quantized = node.op.rpartition("::")[2].startswith(_QUANTIZED)
    for tensor in (*outer, *inner):
        bias = quantized and tensor.data_type == onnx.TensorProto.INT32
        if tensor.dims and (bias or tensor.data_type not in _INDICES):
            yield tensor


def _bytes(dtype: str | None, sizes: Sizes | None) -> int | None:
    if dtype in (None, "str") or sizes is None or None in sizes:
        return None
    return prod(size for size in sizes if size is not None) * _itemsize(dtype)


@cache
def _itemsize(dtype: str | None) -> int:
    return np.dtype(dtype).itemsize
