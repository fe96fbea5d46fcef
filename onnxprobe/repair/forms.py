"""Operators in the form of another opset than the file imports, as editors and converters leave them.

``axes`` of a reduction as an attribute where the opset reads them as an input, or the other way round;
an attribute that came later, with the value that was meant before.
"""

from typing import Final

import onnx

from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.opsets.versions import in_own_form
from onnxprobe.graph.order import label
from onnxprobe.repair._base import Ailment, Names, copied, keep


def find(model: Model) -> Names:
    """Name the nodes whose form is another opset's, and means one thing."""
    return tuple(label(model.nodes[i]) for i in _forms(model))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  found again with their nodes
    """Write them in the form of the file's opset."""
    forms, new = _forms(model), copied(model)
    nodes = (forms.get(i, [node]) for i, node in enumerate(new.graph.node))
    keep(new.graph.node, [node for written in nodes for node in written])
    return Model(new, model.known)


def _forms(model: Model) -> dict[int, list[onnx.NodeProto]]:
    imported = {said.domain for said in model.proto.opset_import}
    if imported.isdisjoint(DEFAULT_DOMAINS):
        return {}
    found = {
        node.index: in_own_form(model, node.proto)
        for node in model.nodes
        if node.proto.domain in DEFAULT_DOMAINS
    }
    return {index: nodes for index, nodes in found.items() if nodes is not None}


FORMS: Final = Ailment(
    "forms", "operators in the form of another opset", "in that of the file's", find, mend
)
