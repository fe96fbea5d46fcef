"""GreaterOrEqual and LessOrEqual: before opset 12 said as two comparisons."""

from typing import Final

from onnx import helper

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _either(op: str) -> Rule:
    def up(_: Site) -> Nodes:
        raise NoFormError("no such operator")

    def down(site: Site) -> Nodes:
        strict, equal = site.fresh("strict"), site.fresh("equal")
        return [
            helper.make_node(op, site.node.input, [strict], name=strict),
            helper.make_node("Equal", site.node.input, [equal], name=equal),
            helper.make_node("Or", [strict, equal], site.node.output, name=site.node.name),
        ]

    return Rule(f"{op}OrEqual", 12, up, down)


COMPARISONS: Final = (_either("Greater"), _either("Less"))
