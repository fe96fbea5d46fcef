"""Scatter: called ScatterElements since opset 11."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _up(site: Site) -> Nodes:
    node = site.copy(site.node.input)
    node.op_type = "ScatterElements"
    return [node]


def _down(site: Site) -> Nodes:
    raise NoFormError(f"no {site.node.op_type}")


SCATTER: Final = (Rule("Scatter", 11, _up, _down),)
"""Downwards it is no operator: what opset 11 has is ScatterElements."""
