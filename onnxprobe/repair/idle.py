"""Nodes that lead to no output. They do no harm, unless they are what keeps a file from loading."""

from typing import Final

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names, copied, keep


def find(model: Model) -> Names:
    """Name the nodes that no output of the model depends on."""
    needed = _needed(model)
    return tuple(label(node) for node in model.nodes if node not in needed)


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  two may be called the same
    """Take them out."""
    needed, new = _needed(model), copied(model)
    pairs = zip(model.nodes, list(new.graph.node), strict=True)
    keep(new.graph.node, [proto for node, proto in pairs if node in needed])
    return Model(new, model.known)


def _needed(model: Model) -> set[Node]:
    todo, needed = list(model.outputs), set[Node]()
    while todo:
        node = model.producers.get(todo.pop())
        if node is not None and node not in needed:
            needed.add(node)
            todo += node.reads
    return needed


IDLE: Final = Ailment(
    "idle-nodes", "nodes that lead to no output", "taken out", find, mend, when="refused"
)
