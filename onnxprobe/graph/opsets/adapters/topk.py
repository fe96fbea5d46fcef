"""TopK: how many became an input with opset 10."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, Rule, Site, attribute_to_input

_PLAIN: Final = attribute_to_input("TopK", 10, "k")


def _down(site: Site) -> Nodes:
    count = site.read(1, "counts")
    assert count is not None  # noqa: S101  ONNX requires the input
    return [site.copy([site.node.input[0]], k=int(count.reshape(())))]


TOPK: Final = (Rule("TopK", 10, _PLAIN.up, _down),)
