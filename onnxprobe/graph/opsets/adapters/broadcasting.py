"""Broadcasting: before opset 7, an operator of two said whether, and along which axes; since, shapes do."""

from typing import Final

from onnx import helper

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site

_OPERATORS: Final = (
    "Add",
    "And",
    "Div",
    "Equal",
    "Gemm",
    "Greater",
    "Less",
    "Mul",
    "Or",
    "Pow",
    "Sub",
    "Xor",
)
_SAID: Final = ("broadcast", "axis")


def _up(site: Site) -> Nodes:
    axis = site.attribute("axis")
    if axis is None or not site.attribute("broadcast", 0):
        return [site.copy(site.node.input, _SAID)]
    first, second = site.rank(0), site.rank(1)
    if first is None or second is None:
        raise NoFormError("broadcasting between numbers of axes that are not known")
    behind = first - (axis + first if axis < 0 else axis) - second
    if behind < 0:
        raise NoFormError(f"axis {axis} of {first} axes for {second}")
    if behind == 0:
        return [site.copy(site.node.input, _SAID)]
    left, right = site.node.input
    axes = list(range(second, second + behind))
    wide = helper.make_node("Unsqueeze", [right], [site.fresh("wide")], axes=axes)
    return [wide, site.copy([left, wide.output[0]], _SAID)]


def _down(site: Site) -> Nodes:
    values = [site.model.values.get(name) for name in site.node.input]
    shapes = {None if value is None else value.shape for value in values}
    if len(shapes) > 1 or None in shapes:
        raise NoFormError("no broadcasting there")
    return [site.copy(site.node.input)]


BROADCASTING: Final = tuple(Rule(op, 7, _up, _down) for op in _OPERATORS)
