"""Constant: before opset 9 it holds floats alone; other numbers are cast from float64, if that holds them."""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.disk import weights
from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site

_FLOATS: Final = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
_ANY_FROM: Final = 9


def constant_nodes(name: str, tensor: onnx.TensorProto, opset: int) -> Nodes:
    """Return the nodes that write ``tensor`` to ``name`` in ``opset``.

    Raises:
        NoFormError: it holds what has no form there: text, or whole numbers beyond 53 bits.
    """
    if opset >= _ANY_FROM or tensor.data_type in _FLOATS:
        return [helper.make_node("Constant", [], [name], name=name, value=tensor)]
    values = weights.read(tensor)
    wide = values.astype(np.float64) if values.dtype.kind in "iub" else np.zeros(0)
    if wide.shape != values.shape or not np.array_equal(wide.astype(values.dtype), values):
        raise NoFormError("no such constants")
    source = f"{name}/float64"
    as_floats = numpy_helper.from_array(wide, source)
    return [
        helper.make_node("Constant", [], [source], name=source, value=as_floats),
        helper.make_node("Cast", [source], [name], name=name, to=tensor.data_type),
    ]


def _up(site: Site) -> Nodes:
    return [site.node]


def _down(site: Site) -> Nodes:
    (name,) = site.node.output
    if name not in site.constants:
        raise NoFormError("no such constants")
    return constant_nodes(name, site.constants[name], _ANY_FROM - 1)


CONSTANT: Final = (Rule("Constant", _ANY_FROM, _up, _down),)
