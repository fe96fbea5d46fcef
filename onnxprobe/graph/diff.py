"""What changed between two graphs: nodes and weights, by name, weights compared on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import onnx

from onnxprobe.graph import weights
from onnxprobe.graph.model import Model

T = TypeVar("T")
_CHUNK: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Diff:
    """Names of what the new graph has more, has less, or has otherwise.

    Nodes are named by their first output, which is unique where node names need not be.
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
    ours, theirs = _nodes(old), _nodes(new)
    kept = _weights(old.proto.graph), _weights(new.proto.graph)
    return Diff(
        nodes_added=_more(theirs, ours),
        nodes_removed=_more(ours, theirs),
        nodes_changed=tuple(n for n in _both(ours, theirs) if not _same_node(ours[n], theirs[n])),
        weights_added=_more(kept[1], kept[0]),
        weights_removed=_more(kept[0], kept[1]),
        weights_changed=tuple(n for n in _both(*kept) if not same(kept[0][n], kept[1][n])),
    )


def same(a: onnx.TensorProto, b: onnx.TensorProto) -> bool:
    """Tell whether two constants hold the same bytes, wherever they lie."""
    if (a.data_type, tuple(a.dims)) != (b.data_type, tuple(b.dims)):
        return False
    places = weights.stored(a), weights.stored(b)
    if places[0] is None or places[1] is None:
        return bool(weights.read(a).tobytes() == weights.read(b).tobytes())
    if places[0] == places[1]:
        return True
    if places[0].length != places[1].length:
        return False
    with places[0].path.open("rb") as one, places[1].path.open("rb") as other:
        one.seek(places[0].offset)
        other.seek(places[1].offset)
        left = places[0].length
        while left:
            step = min(left, _CHUNK)
            if one.read(step) != other.read(step):
                return False
            left -= step
    return True


def _same_node(a: onnx.NodeProto, b: onnx.NodeProto) -> bool:
    if a == b:
        return True
    pair = list(weights.every_attribute_tensor((a,))), list(weights.every_attribute_tensor((b,)))
    if len(pair[0]) != len(pair[1]) or _without_data(a) != _without_data(b):
        return False
    return all(same(one, other) for one, other in zip(*pair, strict=True))


def _without_data(node: onnx.NodeProto) -> onnx.NodeProto:
    bare = onnx.NodeProto()
    bare.CopyFrom(node)
    for tensor in weights.every_attribute_tensor((bare,)):
        tensor.CopyFrom(weights.header(tensor))
    return bare


def _nodes(model: Model) -> dict[str, onnx.NodeProto]:
    return {next(iter(node.writes), node.name): node.proto for node in model.nodes}


def _weights(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    return {tensor.name: tensor for tensor in graph.initializer}


def _more(a: Iterable[str], b: Mapping[str, T]) -> tuple[str, ...]:
    return tuple(name for name in a if name not in b)


def _both(a: Iterable[str], b: Mapping[str, T]) -> tuple[str, ...]:
    return tuple(name for name in a if name in b)
