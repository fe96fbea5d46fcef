"""What changed between two graphs: nodes and weights, by name, weights compared on disk."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import Stored, chunks
from onnxprobe.graph.model import Model

T = TypeVar("T")
Operation = onnx.NodeProto | onnx.FunctionProto
Weight = tuple[onnx.TensorProto, ...]
"""A constant; of a sparse one, the values and where they are."""


@dataclass(frozen=True, slots=True)
class Diff:
    """Names of what the new graph has more, has less, or has otherwise.

    Nodes are named by their first output, which is unique where node names need not be; among
    them are the local functions, as ``domain::name``.
    """

    nodes_added: tuple[str, ...]
    nodes_removed: tuple[str, ...]
    nodes_changed: tuple[str, ...]
    weights_added: tuple[str, ...]
    weights_removed: tuple[str, ...]
    weights_changed: tuple[str, ...]


def diff(old: Model, new: Model) -> Diff:
    """Return what changed from ``old`` to ``new``; weights are compared without loading them.

    Raises:
        MissingWeightsError: a file that holds weights is not there.
    """
    ours, theirs = _operations(old), _operations(new)
    kept = _weights(old.proto.graph), _weights(new.proto.graph)
    return Diff(
        nodes_added=_more(theirs, ours),
        nodes_removed=_more(ours, theirs),
        nodes_changed=tuple(n for n in _both(ours, theirs) if not _same_node(ours[n], theirs[n])),
        weights_added=_more(kept[1], kept[0]),
        weights_removed=_more(kept[0], kept[1]),
        weights_changed=tuple(n for n in _both(*kept) if not _same_parts(kept[0][n], kept[1][n])),
    )


def same(a: onnx.TensorProto, b: onnx.TensorProto) -> bool:
    """Tell whether two constants hold the same elements, wherever they lie and in whatever form.

    Nothing is read where both are the same bytes of the same file, under whatever name.
    """
    if a == b:
        return True
    if (a.data_type, tuple(a.dims)) != (b.data_type, tuple(b.dims)):
        return False
    one, other = weights.stored(a), weights.stored(b)
    if one is None or other is None or not _alike(a, one, other):
        return bool(weights.read(a).tobytes() == weights.read(b).tobytes())
    if one.length != other.length:
        return False
    if one.offset == other.offset and one.path.samefile(other.path):
        return True
    return all(x == y for x, y in zip(chunks(one), chunks(other), strict=True))


def _alike(tensor: onnx.TensorProto, one: Stored, other: Stored) -> bool:
    """Tell whether equal elements of such a tensor are equal bytes in both places."""
    plain = weights.is_plain(tensor, one.field) and weights.is_plain(tensor, other.field)
    return plain or one.field == other.field


def _same_parts(a: Weight, b: Weight) -> bool:
    return len(a) == len(b) and all(map(same, a, b))


def _same_node(a: Operation, b: Operation) -> bool:
    if a == b:
        return True
    pair = tuple(_constants(a)), tuple(_constants(b))
    return _without_data(a) == _without_data(b) and _same_parts(*pair)


def _without_data(operation: Operation) -> Operation:
    bare = deepcopy(operation)
    for tensor in _constants(bare):
        tensor.CopyFrom(weights.header(tensor))
    return bare


def _constants(operation: Operation) -> Iterator[onnx.TensorProto]:
    inside = operation.node if isinstance(operation, onnx.FunctionProto) else (operation,)
    return weights.every_attribute_tensor(inside)


def _operations(model: Model) -> dict[str, Operation]:
    """Name every node by its first output, every local function by domain and name."""
    nodes = {next(iter(node.writes), node.name): node.proto for node in model.nodes}
    return nodes | {f"{f.domain}::{f.name}": f for f in model.proto.functions}


def _weights(graph: onnx.GraphProto) -> dict[str, Weight]:
    found: dict[str, Weight] = {tensor.name: (tensor,) for tensor in graph.initializer}
    return found | {s.values.name: (s.values, s.indices) for s in graph.sparse_initializer}


def _more(a: Iterable[str], b: Mapping[str, T]) -> tuple[str, ...]:
    return tuple(name for name in a if name not in b)


def _both(a: Iterable[str], b: Mapping[str, T]) -> tuple[str, ...]:
    return tuple(name for name in a if name in b)
