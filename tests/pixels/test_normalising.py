"""Normalising inside a model gives the numbers that Python gives, to the bit."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess
from onnxprobe.pixels import from_bytes
from onnxprobe.runtime import Session

KINDS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


def same_again(how, *, opset=17, inner="y"):
    """Give back what goes in."""
    shape = ["N", *how.shape]
    ends = [helper.make_tensor_value_info(name, KINDS[how.dtype], shape) for name in ("x", "out")]
    nodes = [
        helper.make_node("Identity", ["x"], [inner]),
        helper.make_node("Identity", [inner], ["out"]),
    ]
    graph = helper.make_graph(nodes, "same", ends[:1], ends[1:])
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=4)
    )


def seen(**settings):
    usual = {"size": (9, 7), "mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
    return Preprocess(**usual | settings)


@pytest.mark.parametrize("opset", [9, 13, 17])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(
    "how",
    [{}, {"channels": "bgr"}, {"channels": "gray", "mean": 3.3, "std": 0.7}, {"dtype": "float16"}],
)
def test_a_network_gets_the_same_numbers(how, layout, opset):
    how = seen(layout=layout, **how)
    model, rest = from_bytes(same_again(how, opset=opset), how)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 9, 7, 3), np.uint8)
    samples = np.stack([rest(picture) for picture in pictures])
    assert samples.dtype == np.uint8
    found = Session(model).run({model.inputs[0]: samples})["out"]
    wanted = np.stack([how(picture) for picture in pictures])
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def test_a_name_that_the_model_has_is_not_taken():
    model, _ = from_bytes(same_again(seen(), inner="x/pixels"), seen())
    assert model.inputs == ("x/_/pixels",)
    Session(model).run({"x/_/pixels": np.zeros((1, 3, 9, 7), np.uint8)})


@pytest.mark.parametrize(("how", "opset"), [({"dtype": "uint8", "mean": 0, "std": 1}, 17), ({}, 6)])
def test_what_takes_bytes_or_is_too_old_stays_as_it_is(how, opset):
    how = seen(**how)
    model = same_again(how, opset=opset)
    assert from_bytes(model, how) == (model, how)
