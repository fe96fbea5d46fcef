"""Resize nodes in the form of opset 11 or later whose ``roi`` was not left blank but left out.

Their sizes then stand where ``roi`` belongs. What has the form of opset 10 altogether is told from these
by its attributes, and left to ``forms``.
"""

from collections.abc import Iterator
from typing import Final

from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.opsets.forms import fits, schema
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names, copied, says_opset

_WITH_ROI: Final = 11
_SHIFTED: Final = 2
"""How many tensors such a node reads: the picture, and how much."""


def find(model: Model) -> Names:
    """Name the nodes that read scales in the place of ``roi``."""
    return tuple(label(node) for node in _shifted(model))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  two may be called the same
    """Leave ``roi`` blank, which nothing reads."""
    new = copied(model)
    for node in _shifted(model):
        new.graph.node[node.index].input.insert(1, "")
    return Model(new, model.known)


def _shifted(model: Model) -> Iterator[Node]:
    if not says_opset(model):
        return
    before = schema("Resize", _WITH_ROI - 1)
    for node in model.nodes:
        resize = node.op == "Resize" and node.proto.domain in DEFAULT_DOMAINS
        if not resize or model.opset < _WITH_ROI or len(node.inputs) != _SHIFTED:
            continue
        if before is not None and not fits(node.proto, before) and _are_scales(model, node):
            yield node


def _are_scales(model: Model, node: Node) -> bool:
    """Tell whether the second input has a number an axis; ``roi`` would have two."""
    data, second = (model.values.get(name) for name in node.inputs)
    if data is None or second is None or data.shape is None or second.dtype != "float32":
        return False
    return second.shape == (len(data.shape),)


ROI: Final = Ailment(
    "roi", "Resize nodes that read how much in the place of roi", "roi left blank", find, mend
)
