"""Where: before opset 9 said as a sum in which what is not chosen is taken 0 times.

The same to the bit as long as both sides are finite.
"""

from typing import Final

import numpy as np
from onnx import helper

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site
from onnxprobe.graph.value import element_type

_COUNTED: Final = ("float32", "float64", "float16", "int32", "int64")
"""Types that the arithmetic of opset 7 has."""


def _up(_: Site) -> Nodes:
    raise NoFormError("no such operator")


def _down(site: Site) -> Nodes:
    condition, yes, no = site.node.input
    value = site.model.values.get(site.node.output[0])
    dtype = None if value is None else value.dtype
    if dtype not in _COUNTED:
        raise NoFormError(f"no such operator for {dtype or 'unknown'} numbers")
    for position, name in ((1, yes), (2, no)):
        side = site.read(position, "sides") if name in site.constants else None
        if side is not None and not np.isfinite(side).all():
            raise NoFormError("no such operator, and an infinity cannot be taken 0 times")
    to = element_type(dtype)
    other, once, never, first, second = map(
        site.fresh, ("other", "once", "never", "first", "second")
    )
    return [
        helper.make_node("Not", [condition], [other], name=other),
        helper.make_node("Cast", [condition], [once], name=once, to=to),
        helper.make_node("Cast", [other], [never], name=never, to=to),
        helper.make_node("Mul", [yes, once], [first], name=first),
        helper.make_node("Mul", [no, never], [second], name=second),
        helper.make_node("Add", [first, second], site.node.output, name=site.node.name),
    ]


WHERE: Final = (Rule("Where", 9, _up, _down),)
