"""The written-out rounding is numpy's: to the bit where float16 has all its bits."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.graph.model import Model
from onnxprobe.precision.fp16 import half
from onnxprobe.precision.rounding import rounding
from onnxprobe.runtime import run


def relu(opset=17):
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N"])],
    )
    opsets = [helper.make_opsetid("", opset)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


@pytest.mark.parametrize("scale", [1e-4, 1, 1e3, 3e4])
def test_numbers_have_the_bits_of_float16(scale):
    x = (np.random.default_rng(0).uniform(1, 2, 5000) * scale).astype(np.float32)
    got = run(rounding(half(relu())), {"x": x})["y"]
    np.testing.assert_array_equal(got, -x.astype(np.float16).astype(np.float32))


def test_what_is_too_large_is_infinite():
    x = np.array([65504, 65519, 65520, -1e6, np.inf, 7], np.float32)
    got = run(rounding(half(relu())), {"x": x})["y"]
    assert got.tolist() == [-65504, -65504, -np.inf, np.inf, -np.inf, -7]


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (13, 7), (21, 10)])
def test_a_network_loses_as_much_as_float16_has_bits(opset, ir_version, images):
    """Oracle: the network in numpy would round at the same places; here, its order of magnitude."""
    model = tiny_model(opset, ir_version)
    exact = run(model, {"image": images})["scores"]
    lost = np.abs(run(rounding(half(model)), {"image": images})["scores"] - exact).max()
    assert 2**-14 < lost / np.abs(exact).max() < 2**-8
