"""A model that prepares its pictures itself, in standard nodes."""

import json
from dataclasses import asdict
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from onnxprobe.errors import PicturesError, VersionError, quoted
from onnxprobe.graph.build import Builder
from onnxprobe.graph.model import Model
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Value
from onnxprobe.images import Preprocess, image_input
from onnxprobe.images.fit import METADATA_KEY
from onnxprobe.pixels.front import before
from onnxprobe.pixels.normalising import normalised
from onnxprobe.pixels.scaling import SCALINGS, cut
from onnxprobe.pixels.sizes import at_least, pair, scaled

KEY: Final = "onnxprobe.pixels"
"""Metadata of such a model: how it prepares pictures."""
INPUT: Final = "pixels"
PREFIX: Final = "pixels/"
OLDEST: Final = 11
"""Resize to given sizes, Range and Round are there from this opset on."""
_GRAY: Final = np.array([9798, 19235, 3735], np.float32)
_GRAY_SHIFT: Final = 32768.0
"""What OpenCV weighs red, green and blue with, in 1/32768."""


def with_preprocess(model: Model, preprocess: Preprocess) -> Model:
    """Return ``model`` behind the nodes that do what ``preprocess`` does to decoded pictures.

    The one input of the result is ``pixels``, uint8 RGB ``(N, H, W, 3)``: pictures of one size, any.
    What is about files, transparency and orientation, is done by who decodes them. Everything after
    the old input, outputs, names and weights, is as it was.

    Raises:
        PicturesError: the model does not take one picture, or the interpolation has no such form.
        VersionError: the opset of the model is older than the operators that are needed.
    """
    taken = image_input(model)
    if preprocess.interpolation not in SCALINGS:
        raise PicturesError(
            f"the interpolation {preprocess.interpolation!r} has no form in standard nodes; those "
            f"that have one: {quoted(SCALINGS)}"
        )
    if model.opset < OLDEST:
        raise VersionError(
            f"scaling pictures needs opset {OLDEST}, but the model is of opset {model.opset}; convert "
            "it with onnx.version_converter first"
        )
    clash = [n for n in (*model.values, *model.constants) if n == INPUT or n.startswith(PREFIX)]
    if clash:
        raise PicturesError(f"the model has {clash[0]!r} already: it prepares pictures itself")
    build = Builder(model.opset, prefix=PREFIX)
    _sample(build, preprocess, taken.name)
    pixels = Value(INPUT, "uint8", (batch_of(model), "pixels_height", "pixels_width", 3))
    front = build.model("pixels", [pixels], [], ir_version=model.ir_version)
    facts = {KEY: json.dumps(asdict(preprocess))}
    return before(model, front, taken.name, without=METADATA_KEY, facts=facts)


def _sample(build: Builder, how: Preprocess, out: str) -> None:
    floats = build.op("Cast", INPUT, to=TensorProto.FLOAT)
    picture = build.op("Transpose", floats, perm=[0, 3, 1, 2])
    size = build.slice(build.op("Shape", picture), [2], [4], [0])
    canvas = tuple(int(side / how.crop + 0.5) for side in how.size)
    wanted = scaled(build, size, (canvas[0], canvas[1]), how.resize)
    picture = SCALINGS[how.interpolation](build, picture, size, wanted)
    channels = _CHANNELS[how.channels](build, _centred(build, picture, wanted, how))
    if how.dtype != "uint8":
        channels = normalised(build, channels, how, "nchw")
    order = [0, 1, 2, 3] if how.layout == "nchw" else [0, 2, 3, 1]
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(how.dtype))
    build.op("Cast", build.op("Transpose", channels, perm=order), out=out, to=kind)


def _centred(build: Builder, picture: str, size: str, how: Preprocess) -> str:
    """Cut around the centre, and add black where something is missing."""
    wanted, two = pair(build, how.size), build.integers([2])
    over = at_least(build, build.op("Sub", size, wanted), 0)
    start = build.op("Div", over, two)
    inner = cut(build, picture, start, build.op("Add", start, wanted))
    missing = at_least(build, build.op("Sub", wanted, size), 0)
    before = build.op("Div", missing, two)
    after = build.op("Sub", missing, before)
    none = build.integers([0, 0])
    pads = build.op("Concat", none, before, none, after, axis=0)
    return build.op("Pad", inner, pads, build.number(0))


def _rgb(_build: Builder, picture: str) -> str:
    return picture


def _bgr(build: Builder, picture: str) -> str:
    return build.op("Gather", picture, build.integers([2, 1, 0]), axis=1)


def _gray(build: Builder, picture: str) -> str:
    weights = build.constant(_GRAY.reshape(1, 3, 1, 1))
    total = build.reduce("ReduceSum", build.op("Mul", picture, weights), [1], keepdims=1)
    rounded = build.op("Add", total, build.number(_GRAY_SHIFT / 2))
    return build.op("Floor", build.op("Div", rounded, build.number(_GRAY_SHIFT)))


_CHANNELS: Final = {"rgb": _rgb, "bgr": _bgr, "gray": _gray}
