"""Scaling pictures as nodes: what OpenCV does to uint8, in float32, rounded where it rounds.

Pictures are ``(N, 3, H, W)``, whole numbers from 0 to 255 in float32, before and after.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from onnx import TensorProto

from onnxprobe.graph.build import Builder
from onnxprobe.pixels.sizes import at_least, at_most, double, doubles

Scaling = Callable[[Builder, str, str, str], str]
"""From a picture, its size and the size it is to have to the scaled picture."""
_BLOCK: Final = 2
_UNIT: Final = 2048
_LAST: Final = 3


def antialias(build: Builder, picture: str, size: str, wanted: str) -> str:
    """Average whole blocks, as large as fit, and interpolate the rest; see ``INTERPOLATIONS``."""
    block = at_least(build, build.op("Div", size, wanted), 1)
    left = build.op("Div", size, block)
    used = build.op("Mul", left, block)
    start = build.op("Div", build.op("Sub", size, used), build.integers([2]))
    inner = cut(build, picture, start, build.op("Add", start, used))
    return linear(build, _blocks(build, inner, left, block), left, wanted)


def _blocks(build: Builder, picture: str, left: str, block: str) -> str:
    """Return the mean of every block; OpenCV rounds those of 2×2 up, others to even."""
    sides = [build.slice(each, [i], [i + 1], [0]) for i in (0, 1) for each in (left, block)]
    shape = build.op("Concat", build.integers([0, 3]), *sides, axis=0)
    apart = build.op("Reshape", picture, shape)
    total = build.reduce("ReduceSum", build.reduce("ReduceSum", apart, [5]), [3])
    count = build.reduce("ReduceProd", block, [0], keepdims=1)
    share = build.op("Div", build.number(1), build.op("Cast", count, to=TensorProto.FLOAT))
    mean = build.op("Mul", total, share)
    other = build.op("Sub", block, build.integers([_BLOCK]))
    off = build.reduce("ReduceSum", build.op("Abs", other), [0])
    two = build.op("Equal", off, build.constant(np.array(0, np.int64)))
    return build.op("Where", two, _half_up(build, mean), build.op("Round", mean))


def linear(build: Builder, picture: str, size: str, wanted: str) -> str:
    """Interpolate between the four nearest, in whole numbers as OpenCV does.

    Weights are in 1/2048, and bits are dropped between the two directions and after (VResizeLinear
    in modules/imgproc/src/resize.cpp): that darkens by a part of a level, which a network can see.
    """
    rows, columns = (_between(build, size, wanted, place) for place in (0, 1))
    whole = build.op("Cast", picture, to=TensorProto.INT32)
    across = _mixed(build, whole, columns, axis=3)
    short = build.op("Div", across, _int32(build, 16))
    near, far = (
        build.op("Div", part, _int32(build, 65536)) for part in _parts(build, short, rows, axis=2)
    )
    total = build.op("Add", build.op("Add", near, far), _int32(build, 2))
    return build.op("Cast", build.op("Div", total, _int32(build, 4)), to=TensorProto.FLOAT)


@dataclass(frozen=True, slots=True)
class _Between:
    """Along one axis, the two pixels that each new one lies between, and their weights in 1/2048."""

    places: tuple[str, str]
    weights: tuple[str, str]


def _between(build: Builder, size: str, wanted: str, place: int) -> _Between:
    has, gets = (build.slice(pair, [place], [place + 1], [0]) for pair in (size, wanted))
    zero, one = (build.constant(np.array(value, np.int64)) for value in (0, 1))
    index = doubles(build, build.op("Range", zero, build.squeeze(gets, [0]), one))
    inverse = build.op("Div", doubles(build, gets), doubles(build, has))
    step = build.op("Div", double(build, 1), inverse)
    half = double(build, 0.5)
    at = build.op("Sub", build.op("Mul", build.op("Add", index, half), step), half)
    there = build.op("Cast", at, to=TensorProto.FLOAT)
    floor = build.op("Floor", there)
    last = build.op("Sub", has, build.integers([1]))
    first = build.op("Cast", floor, to=TensorProto.INT64)
    outside = build.op(
        "Or",
        build.op("Less", first, build.integers([0])),
        build.op("Not", build.op("Less", first, last)),
    )
    share = build.op("Where", outside, build.number(0), build.op("Sub", there, floor))
    near = at_most(build, at_least(build, first, 0), last)
    far = at_most(build, build.op("Add", near, build.integers([1])), last)
    return _Between(
        (near, far),
        (_weight(build, build.op("Sub", build.number(1), share)), _weight(build, share)),
    )


def _weight(build: Builder, share: str) -> str:
    scaled = build.op("Round", build.op("Mul", share, build.number(_UNIT)))
    return build.op("Cast", scaled, to=TensorProto.INT32)


def _parts(build: Builder, picture: str, between: _Between, *, axis: int) -> tuple[str, str]:
    """Return what each of the two pixels adds; rows have their weights along the axis before last."""
    near, far = (
        build.op(
            "Mul",
            build.op("Gather", picture, place, axis=axis),
            weight if axis == _LAST else build.unsqueeze(weight, [1]),
        )
        for place, weight in zip(between.places, between.weights, strict=True)
    )
    return near, far


def _mixed(build: Builder, picture: str, between: _Between, *, axis: int) -> str:
    return build.op("Add", *_parts(build, picture, between, axis=axis))


def _int32(build: Builder, value: int) -> str:
    return build.constant(np.array(value, np.int32))


def cut(build: Builder, picture: str, start: str, end: str) -> str:
    """Cut a picture out along height and width."""
    return build.op("Slice", picture, start, end, build.integers([2, 3]))


def _half_up(build: Builder, x: str) -> str:
    return build.op("Floor", build.op("Add", x, build.number(0.5)))


SCALINGS: Final[Mapping[str, Scaling]] = {
    "antialias": antialias,
    "linear": linear,
}
"""By the name of the interpolation. Others have no form that is within a level of OpenCV's: ONNX
Runtime does not make pictures smaller by cubic interpolation, OpenCV's nearest neighbours differ from
the definition at some sizes, and shares of pixels, as ``area`` has them, are no operator's."""
