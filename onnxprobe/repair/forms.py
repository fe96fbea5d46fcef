"""Operators in the form of another opset than the file imports, as editors and converters leave them.

``axes`` of a reduction as an attribute where the opset reads them as an input, or the other way round;
an attribute that came later, with the value that was meant before.
"""

from typing import Final

import onnx

from onnxprobe.graph.bodies import bodies, every_node
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.opsets.versions import in_own_form
from onnxprobe.repair._base import Ailment, Names, copied, keep, says_opset


def find(model: Model) -> Names:
    """Name the nodes whose form is another opset's, and means one thing; those in branches and loops too."""
    if not says_opset(model):
        return ()
    return tuple(
        f"{node.op_type} {node.name or next(iter(node.output), '')!r}"
        for node in every_node(model.proto.graph.node)
        if _in_own_form(model, node) is not None
    )


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  two may be called the same
    """Write them in the form of the file's opset."""
    new = copied(model)
    _mended(model, new.graph)
    return Model(new, model.known)


def _mended(model: Model, graph: onnx.GraphProto) -> None:
    for node in graph.node:
        for body in bodies(node):
            _mended(model, body)
    written = [_in_own_form(model, node) or [node] for node in graph.node]
    keep(graph.node, [node for nodes in written for node in nodes])


def _in_own_form(model: Model, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    return in_own_form(model, node) if node.domain in DEFAULT_DOMAINS else None


FORMS: Final = Ailment(
    "forms", "operators in the form of another opset", "in that of the file's", find, mend
)
