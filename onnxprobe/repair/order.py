"""Nodes listed before what they read is computed."""

import heapq
from typing import Final

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import check_order, label
from onnxprobe.repair._base import Ailment, Names, copied, keep


def find(model: Model) -> Names:
    """Name the nodes that read what a later one writes."""
    return tuple(
        label(node)
        for node in model.nodes
        if any(source.index >= node.index for source in _sources(model, node))
    )


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  one order is right for all
    """Put the nodes in an order in which they can run, as close to the old one as there is.

    Raises:
        GraphError: nodes wait for each other in a circle, or two write one tensor.
    """
    waiting = {node.index: {s.index for s in _sources(model, node)} for node in model.nodes}
    after: dict[int, list[int]] = {}
    for index, sources in waiting.items():
        for source in sources:
            after.setdefault(source, []).append(index)
    ready = [index for index, sources in waiting.items() if not sources]
    heapq.heapify(ready)
    order = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for reader in after.get(index, ()):
            waiting[reader].discard(index)
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(model.nodes):
        check_order(model)
    new = copied(model)
    nodes = list(new.graph.node)
    keep(new.graph.node, [nodes[index] for index in order])
    sorted_model = Model(new, model.known)
    check_order(sorted_model)
    return sorted_model


def _sources(model: Model, node: Node) -> list[Node]:
    return [s for name in node.reads if (s := model.producers.get(name)) is not None]


ORDER: Final = Ailment(
    "order", "nodes that stand before what they read", "moved behind it", find, mend
)
