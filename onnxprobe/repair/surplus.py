"""Results that an operator has not, and nothing reads: what training leaves behind.

A BatchNormalization in training writes means and variances too; exported for inference it may still
name them.
"""

from typing import Final

from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.opsets.forms import schema
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names, copied, keep, read, says_opset

_ONE_RESULT: Final = 14
"""The opset from which a BatchNormalization that does not train has one result."""


def find(model: Model) -> Names:
    """Name the nodes that write more than their operator does, where nothing reads it."""
    if not says_opset(model):
        return ()
    needed = read(model)
    return tuple(label(node) for node in model.nodes if _surplus(model, node, needed))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  two may be called the same
    """Write it no more."""
    new, needed, gone = copied(model), read(model), set[str]()
    for node in model.nodes:
        if _surplus(model, node, needed):
            most = _most(model, node)
            gone.update(node.outputs[most:])
            del new.graph.node[node.index].output[most:]
    keep(new.graph.value_info, [i for i in new.graph.value_info if i.name not in gone])
    return Model(new, model.known)


def _surplus(model: Model, node: Node, needed: set[str]) -> bool:
    more = node.outputs[_most(model, node) :]
    return bool(more) and needed.isdisjoint(more)


def _most(model: Model, node: Node) -> int:
    """Return how many results the operator of a node has; as many as there are where that is not known."""
    form = schema(node.op, model.opset) if node.proto.domain in DEFAULT_DOMAINS else None
    if form is None:
        return len(node.outputs)
    trained = node.op != "BatchNormalization" or model.opset < _ONE_RESULT
    return int(form.max_output) if trained or node.attribute("training_mode", 0) else 1


SURPLUS: Final = Ailment(
    "surplus",
    "nodes that write more than their operator does, which nothing reads",
    "without that",
    find,
    mend,
)
