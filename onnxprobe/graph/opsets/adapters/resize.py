"""Upsample and Resize: how much became an input with opset 9, Resize came with 10, where points lie with 11.

ONNX says of the older forms only that they interpolate; where their points lie is what ONNX Runtime
computes: from the first pixel on, the nearest one rounded down where an axis grows and up where it shrinks.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site

_POINTS: Final = "coordinate_transformation_mode"
_ASKED_FOR: Final = ("roi", "scales")
"""What opset 11 asks for, behind the data."""


def _down_never(site: Site) -> Nodes:
    raise NoFormError(f"no {site.node.op_type} of this form")


def _scales(site: Site) -> Nodes:
    """Two sizes, of pictures alone, became a list of all axes."""
    scales = [1.0, 1.0, site.attribute("height_scale"), site.attribute("width_scale")]
    return [site.copy(site.node.input, ["height_scale", "width_scale"], scales=scales)]


def _scales_as_input(site: Site) -> Nodes:
    scales = site.constant("scales", site.attribute("scales"), np.float32)
    return [scales, site.copy([site.node.input[0], scales.output[0]], ["scales"])]


def _as_resize(site: Site) -> Nodes:
    node = site.copy(site.node.input)
    node.op_type = "Resize"
    return [node]


def _points(site: Site) -> Nodes:
    """Say where the points lie, and leave room for a region that nothing reads."""
    said: dict[str, Any] = {_POINTS: "asymmetric"}
    if site.attribute("mode", b"nearest") == b"nearest":
        said["nearest_mode"] = _rounding(site.read(1, "scales of the nearest pixel"))
    room = site.constant("roi", [], np.float32)
    data, scales = site.node.input
    return [room, site.copy([data, room.output[0], scales], **said)]


def _rounding(scales: NDArray[Any] | None) -> str:
    if scales is None or (np.any(scales > 1) and np.any(scales < 1)):
        raise NoFormError("a nearest pixel for axes that grow and axes that shrink")
    return "ceil" if np.any(scales < 1) else "floor"


def _no_room(site: Site) -> Nodes:
    return [site.copy(site.node.input)]


def _room(site: Site) -> Nodes:
    """Give what may be left blank later, and opset 11 asks for: a region that nothing reads, scales."""
    if site.attribute(_POINTS) == b"tf_crop_and_resize":
        return [site.copy(site.node.input)]
    data, *rest = site.node.input
    blank = [i for i, name in enumerate(rest) if not name]
    new = [site.constant(_ASKED_FOR[i], [], np.float32) for i in blank]
    for i, node in zip(blank, new, strict=True):
        rest[i] = node.output[0]
    return [*new, site.copy([data, *rest])]


RESIZE: Final = (
    Rule("Upsample", 7, _scales, _down_never),
    Rule("Upsample", 9, _scales_as_input, _down_never),
    Rule("Upsample", 10, _as_resize, _down_never),
    Rule("Resize", 11, _points, _down_never),
    Rule("Resize", 13, _no_room, _room),
)
