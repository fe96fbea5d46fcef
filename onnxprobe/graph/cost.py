"""What each node costs: the numbers it stores, and what it computes for one sample."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import Final, NamedTuple

import numpy as np
import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.macs import NESTED, Sizes, macs
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.ops import bare
from onnxprobe.graph.shapes import batch_of, one_sample

_INDICES: Final = frozenset(
    onnx.TensorProto.DataType.Value(name) for name in ("BOOL", "INT16", "INT32", "INT64", "STRING")
)
"""Types of constants that say where or how many. Biases of quantized layers are int32 all the same."""
_QUANTIZED: Final = ("QLinear", "DequantizeLinear", "ConvInteger", "MatMulInteger", "QGemm")


class Cost(NamedTuple):
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
    rows = max(1, batch) if isinstance(batch, int) else 1
    values = model.values
    sizes = {name: one_sample(value, batch) for name, value in values.items()}
    stored = {name: _stored((tensor,)) for name, tensor in model.tensors.items()}
    names, found = stored.keys(), list[Cost]()
    for node in model.nodes:
        reads_none = node.op not in NESTED and names.isdisjoint(node.reads)
        parameters, size = (0, 0) if reads_none else _parameters(model, node, stored)
        written = [_bytes(values[name].dtype, sizes[name]) for name in node.writes]
        total = written[0] if len(written) == 1 else _sum(written)
        work = _shared(macs(node, sizes), rows), _shared(total, rows)
        found.append(Cost(parameters, size, *work))
    return tuple(found)


def _parameters(model: Model, node: Node, stored: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Return how many numbers a node reads from the file, and their size in bytes."""
    found = [stored[name] for name in {*node.reads} if name in stored]
    if node.op in NESTED:
        found.append(_stored(weights.every_attribute_tensor((node.proto,))))
    if bare(node).startswith(_QUANTIZED):
        tensors = (model.tensors[name] for name in node.reads if name in model.tensors)
        biases = [t for t in tensors if t.data_type == onnx.TensorProto.INT32 and t.dims]
        found += [(prod(t.dims), weights.size(t)) for t in biases]
    return sum(count for count, _ in found), sum(size for _, size in found)


def _stored(tensors: Iterable[onnx.TensorProto]) -> tuple[int, int]:
    """Return how many parameters ``tensors`` hold, and their size in bytes."""
    count = size = 0
    for tensor in tensors:
        dims = tensor.dims[:]
        if dims and tensor.data_type not in _INDICES:
            count += prod(dims)
            size += weights.size(tensor)
    return count, size


@lru_cache(maxsize=1024)  # a network has few shapes, and many tensors
def _bytes(dtype: str | None, sizes: Sizes | None) -> int | None:
    if dtype in (None, "str") or sizes is None or None in sizes:
        return None
    return prod(size for size in sizes if size is not None) * np.dtype(dtype).itemsize


def _sum(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def _shared(work: int | None, rows: int) -> int | None:
    return None if work is None else work // rows
