"""Sizes as nodes: to how many pixels a picture is scaled, as Python computes it.

A pair of sizes is a tensor of two int64, height first. Shares are float64, as in Python, so that
what is rounded is rounded alike.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from onnx import TensorProto

from onnxprobe.graph.build import Builder
from onnxprobe.images.resize import Size


def pair(build: Builder, values: Size) -> str:
    """Add a constant pair."""
    return build.integers(list(values))


def doubles(build: Builder, whole: str) -> str:
    """Return whole numbers as float64."""
    return build.op("Cast", whole, to=TensorProto.DOUBLE)


def double(build: Builder, value: float) -> str:
    """Add a float64."""
    return build.constant(np.array([value], np.float64))


def at_least(build: Builder, whole: str, low: int) -> str:
    """Raise whole numbers below ``low`` to it; Max takes none before opset 12."""
    bound = build.integers([low])
    return build.op("Where", build.op("Less", whole, bound), bound, whole)


def at_most(build: Builder, whole: str, high: str) -> str:
    """Lower whole numbers above ``high`` to it; Min takes none before opset 12."""
    return build.op("Where", build.op("Less", whole, high), whole, high)


def scaled(build: Builder, picture: str, canvas: Size, resize: str) -> str:
    """Return the size to which a picture of the size ``picture`` is scaled; see ``RESIZES``."""
    return _SCALED[resize](build, picture, canvas)


def _stretch(build: Builder, _picture: str, canvas: Size) -> str:
    return pair(build, canvas)


def _cover(build: Builder, picture: str, canvas: Size) -> str:
    return _times(build, picture, canvas, "ReduceMax")


def _fit_inside(build: Builder, picture: str, canvas: Size) -> str:
    return _times(build, picture, canvas, "ReduceMin")


def _times(build: Builder, picture: str, canvas: Size, choose: str) -> str:
    sides = doubles(build, picture)
    wanted = build.constant(np.array(canvas, np.float64))
    factor = build.reduce(choose, build.op("Div", wanted, sides), [0], keepdims=1)
    exact = build.op("Add", build.op("Mul", sides, factor), double(build, 0.5))
    return at_least(build, build.op("Cast", exact, to=TensorProto.INT64), 1)


_SCALED: Final[Mapping[str, Callable[[Builder, str, Size], str]]] = {
    "stretch": _stretch,
    "shortest": _cover,
    "letterbox": _fit_inside,
}
