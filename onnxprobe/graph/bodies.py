"""The graphs nested in nodes: the branches of an If, the body of a Loop or Scan."""

from collections.abc import Iterable, Iterator
from typing import Final

import onnx

_KIND: Final = onnx.AttributeProto
_NO_GRAPHS: Final = frozenset(_KIND.AttributeType.values()) - {
    _KIND.UNDEFINED, _KIND.GRAPH, _KIND.GRAPHS
}  # fmt: skip
"""Types that hold no graph. Files of long ago do not say the type (IR version below 2)."""


def bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """Return the graphs nested in a node."""
    found: list[onnx.GraphProto] = []
    for attribute in node.attribute:
        if attribute.type in _NO_GRAPHS:
            continue
        if attribute.HasField("g"):
            found.append(attribute.g)
        found += attribute.graphs
    return found


def every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Yield ``nodes``, each before those of the graphs nested in it."""
    for node in nodes:
        yield node
        for body in bodies(node):
            yield from every_node(body.node)
