"""Whether the nodes of a file stand in an order in which they can run."""

from typing import Final
from weakref import WeakSet

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model, Node

_CHECKED: Final[WeakSet[Model]] = WeakSet()
"""Models never change, so each is checked once."""


def check_order(model: Model) -> None:
    """Return if every node comes after the nodes it reads from, as ONNX demands.

    Everything that sweeps a graph once, front to back, relies on it.

    Raises:
        GraphError: two nodes write one tensor, a node reads what a later one writes, or nodes
            wait for each other in a circle; the message names the node.
    """
    if model in _CHECKED:
        return
    check_written_once(model)
    producers = model.producers
    for node in model.nodes:
        for name in node.reads:
            source = producers.get(name)
            if source is not None and source.index >= node.index:
                raise GraphError(_out_of_order(model, node, name, source))
    _CHECKED.add(model)


def check_written_once(model: Model) -> None:
    """Return if no two nodes write one tensor.

    Raises:
        GraphError: the message names both.
    """
    if sum(len(node.writes) for node in model.nodes) != len(model.producers):
        raise GraphError(_written_twice(model))


def label(node: Node) -> str:
    """Name a node for a person: operator and name, or what it writes where it has no name."""
    return f"{node.op} {node.name or next(iter(node.writes), str(node.index))!r}"


def _written_twice(model: Model) -> str:
    seen: dict[str, Node] = {}
    for node in model.nodes:
        for name in node.writes:
            if name in seen:
                return f"tensor {name!r} is written by {label(seen[name])} and by {label(node)}"
            seen[name] = node
    raise AssertionError("no tensor is written twice")


def _out_of_order(model: Model, node: Node, name: str, source: Node) -> str:
    if _depends(model, source, on=node):
        return f"the graph has a cycle: {label(node)} reads {name!r}, which depends on its answer"
    return (
        f"{label(node)} reads {name!r} before {label(source)} writes it; "
        "an ONNX file lists its nodes in the order in which they run; repair with: onnxprobe repair"
    )


def _depends(model: Model, node: Node, *, on: Node) -> bool:
    seen, todo = {node}, [node]
    while todo:
        here = todo.pop()
        if here is on:
            return True
        sources = {s for name in here.reads if (s := model.producers.get(name)) is not None}
        todo += sources - seen
        seen |= sources
    return False
