"""Shapes that depend on constants which lie on disk, beside the model or in it."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.batch.diagnosis import diagnose
from onnxprobe.graph.disk.small import with_small
from onnxprobe.graph.load import load

SHAPES = {"y": ("N", 2, 3), "ones": (4,), "z": ("N", 2, 3)}


def network(places):
    """A Reshape by an initializer, and ConstantOfShape with a Constant and a value of its own."""
    one = numpy_helper.from_array(np.ones(1, np.float32), "one")
    four = numpy_helper.from_array(np.array([places], np.int64), "four")
    nodes = [
        helper.make_node("Reshape", ["x", "to"], ["y"]),
        helper.make_node("Constant", [], ["four"], value=four),
        helper.make_node("ConstantOfShape", ["four"], ["ones"], value=one),
        helper.make_node("ReduceSum", ["ones"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["y", "sum"], ["z"]),
    ]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 6]) for n in "xz"]
    infos[1].type.tensor_type.ClearField("shape")
    to = numpy_helper.from_array(np.array([0, 2, 3], np.int64), "to")
    graph = helper.make_graph(nodes, "shapes", infos[:1], infos[1:], [to])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def outside(tmp_path):
    """The network with every constant, those in attributes too, in a file beside it."""
    onnx.save(
        network(4),
        tmp_path / "model.onnx",
        save_as_external_data=True,
        size_threshold=0,
        convert_attribute=True,
        location="model.data",
    )
    return tmp_path / "model.onnx"


def test_shapes_follow_from_constants_beside_the_model(outside):
    values = load(outside).values
    assert {name: values[name].shape for name in SHAPES} == SHAPES


def test_without_their_file_shapes_are_not_known(outside):
    outside.with_name("model.data").unlink()
    model = load(outside)
    assert with_small(model.proto).SerializeToString() == model.proto.SerializeToString()
    assert model.values["y"].shape is None


def test_shapes_follow_from_a_long_constant_that_stays_in_the_file(tmp_path):
    proto = network(4)
    many = np.arange(500, dtype=np.int64) % 6
    proto.graph.initializer.append(numpy_helper.from_array(many, "many"))
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1, 0, 6]), "one"))
    proto.graph.node.add(op_type="Gather", input=["many", "one"], output=["shape"])
    proto.graph.node.add(op_type="Expand", input=["sum", "shape"], output=["wide"])
    (tmp_path / "model.onnx").write_bytes(proto.SerializeToString())
    assert load(tmp_path / "model.onnx").values["wide"].shape == (1, 0, 0)


def test_a_model_whose_small_constants_are_in_memory_is_not_copied():
    proto = network(4)
    assert with_small(proto) is proto


def test_batch_counts_with_values_beside_the_model(outside):
    (ones, *_) = diagnose(load(outside)).flows["ones"].trials
    np.testing.assert_array_equal(ones, np.ones(4, np.float32))
