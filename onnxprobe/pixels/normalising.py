"""Normalising inside the model: bytes in, as pictures hold them, a quarter of what floats take."""

from dataclasses import replace
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from onnxprobe.graph.build import OLDEST, Builder
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.images import Preprocess
from onnxprobe.pixels.front import before

_AXES: Final = {"nchw": (1, -1, 1, 1), "nhwc": (1, 1, 1, -1)}


def from_bytes(model: Model, preprocess: Preprocess) -> tuple[Model, Preprocess]:
    """Return ``model`` fed with uint8 samples, and what then remains to be done to a picture.

    The network inside gets the same float32 to the bit: ``(pixel − mean) / std``, as Python makes
    it. A model that takes bytes already, or whose opset is older than the operators, stays as it is.
    """
    if preprocess.dtype == "uint8" or model.opset < OLDEST:
        return model, preprocess
    (name,) = model.inputs
    build = Builder(model.opset, prefix=_free(model, name))
    pixels = Value(f"{build.prefix}pixels", "uint8", model.value(name).shape)
    floats = build.op("Cast", pixels.name, to=TensorProto.FLOAT)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(preprocess.dtype))
    build.op("Cast", normalised(build, floats, preprocess, preprocess.layout), out=name, to=kind)
    front = build.model("pixels", [pixels], [], ir_version=model.ir_version)
    return before(model, front, name), replace(preprocess, mean=(0,), std=(1,), dtype="uint8")


def normalised(build: Builder, floats: str, how: Preprocess, layout: str) -> str:
    """Return what is ``(floats − mean) / std``; ``layout`` says where the channels are."""
    mean, std = (np.array(v, np.float32).reshape(_AXES[layout]) for v in (how.mean, how.std))
    return build.op("Div", build.op("Sub", floats, build.constant(mean)), build.constant(std))


def _free(model: Model, name: str) -> str:
    """Return a prefix that no tensor of ``model`` has, made from ``name``."""
    prefix, taken = f"{name}/", model.used.tensors
    while any(other.startswith(prefix) for other in taken):
        prefix += "_/"
    return prefix
