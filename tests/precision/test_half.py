"""Half precision by its laws: called as before, float16 wherever it can be, right where it cannot."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from onnx import TensorProto, helper, numpy_helper
from random_graphs import graphs
from tiny import tiny_model, weight

from onnxprobe.errors import RunError
from onnxprobe.graph.expose import expose
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.precision.fp16 import half
from onnxprobe.runtime import Session, random_feeds, run

NODE = helper.make_node
NEAR = 0.02


def model_of(nodes, outputs, weights=(), shape=("N", 3, 8, 8), opset=17):
    graph = helper.make_graph(
        nodes,
        "one",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        weights,
    )
    opsets = [helper.make_opsetid("", opset)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return Model(onnx.shape_inference.infer_shapes(proto))


def compared(old, new, batch=3):
    """Check that a caller sees no other model, and that the numbers are near."""
    assert [new.value(name) for name in new.inputs] == [old.value(name) for name in old.inputs]
    assert list(new.proto.graph.output) == list(old.proto.graph.output)
    onnx.checker.check_model(new.proto, full_check=True)
    session = Session(old)
    feeds = random_feeds(session.inputs, batch)
    before, after = session.run(feeds), run(new, feeds)
    for name, array in before.items():
        assert after[name].dtype == array.dtype
        scale = max(1, np.abs(array).max())
        np.testing.assert_allclose(after[name], array, rtol=0, atol=NEAR * scale)


def halves(model):
    return {name for name, value in Model(model.proto).values.items() if value.dtype == "float16"}


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (11, 6), (13, 7), (17, 8), (21, 10)])
def test_a_network_computes_in_half_between_two_casts(opset, ir_version):
    old = tiny_model(opset, ir_version)
    new = half(old)
    compared(old, new)
    assert [n.op for n in new.nodes].count("Cast") == 2
    weights = {t.name: t.data_type for t in new.proto.graph.initializer}
    assert set(weights.values()) == {TensorProto.FLOAT16}


def test_half_of_a_half_is_called_and_answers_alike(tiny):
    once = half(expose(tiny, ["block"]))
    compared(once, half(once))


def test_a_model_is_not_changed(tiny):
    before = tiny.proto.SerializeToString()
    half(tiny)
    assert tiny.proto.SerializeToString() == before


@pytest.mark.parametrize("names", [["block"], ["stem", "gate"], ["pooled", "flat", "branch"]])
def test_tensors_in_the_middle_may_be_outputs(tiny, names):
    compared(expose(tiny, names), half(expose(tiny, names)))


@settings(max_examples=80, deadline=None)
@given(graphs(inputs=2, outputs=2))
def test_any_graph_loads_is_called_as_before_and_answers_where_it_did(model):
    feeds = {name: np.ones(4, np.float32) for name in model.inputs}
    try:
        session = Session(model)
        before = session.run(feeds)
    except RunError:  # parts of a split tensor are not as long as others
        return
    new = Session(half(model))
    assert (new.inputs, new.outputs) == (session.inputs, session.outputs)
    for name, array in new.run(feeds).items():
        np.testing.assert_array_equal(array, before[name])  # small whole numbers


def test_what_is_kept_stays_in_single(tiny):
    new = half(tiny, keep={"scores", "flat"})
    compared(tiny, new)
    assert {"stem", "block", "pooled"} <= halves(new)
    assert not {"flat", "scores", "w3", "b3"} & halves(new)


def test_a_weight_that_both_read_is_there_in_both():
    nodes = [NODE("Conv", ["image", "w"], ["a"]), NODE("Conv", ["image", "w"], ["b"])]
    old = model_of(nodes, ["a", "b"], [weight("w", 4, 3, 3, 3)])
    new = half(old, keep={"b"})
    compared(old, new)
    kinds = {t.name: t.data_type for t in new.proto.graph.initializer}
    assert kinds == {"w": TensorProto.FLOAT, "w/float16": TensorProto.FLOAT16}


def test_a_constant_node_is_halved_in_place():
    table = helper.make_tensor("t", TensorProto.FLOAT, [3, 1, 1], [1, 2, 3])
    nodes = [NODE("Constant", [], ["c"], value=table), NODE("Mul", ["image", "c"], ["y"])]
    old = model_of(nodes, ["y"])
    new = half(old)
    compared(old, new)
    assert "c" in halves(new)


def test_sizes_are_not_computed_in_half():
    """2049 is no float16: a reshape to 2048 rows would fail."""
    nodes = [
        NODE("Shape", ["image"], ["shape"]),
        NODE("Cast", ["shape"], ["sizes"], to=TensorProto.FLOAT),
        NODE("Mul", ["sizes", "one"], ["same"]),
        NODE("Cast", ["same"], ["back"], to=TensorProto.INT64),
        NODE("Relu", ["image"], ["r"]),
        NODE("Reshape", ["r", "back"], ["y"]),
    ]
    one = numpy_helper.from_array(np.ones(1, np.float32), "one")
    old = model_of(nodes, ["y"], [one], shape=("N", 2049))
    new = half(old)
    compared(old, new)
    assert "r" in halves(new)


def test_operands_that_an_operator_wants_in_single_stay_single():
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    nodes = [NODE("Resize", ["image", "", "scales"], ["y"], mode="linear")]
    old = model_of(nodes, ["y"], [scales])
    new = half(old)
    compared(old, new)
    assert {t.data_type for t in new.proto.graph.initializer} == {TensorProto.FLOAT}
    assert "y/float16" in halves(new)


def test_branches_read_what_they_read():
    def body(name, op):
        out = helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None)
        return helper.make_graph([NODE(op, ["r"], [f"{name}_y"])], name, [], [out])

    nodes = [
        NODE("Relu", ["image"], ["r"]),
        NODE("ReduceMax", ["r"], ["most"], keepdims=0),
        NODE("Greater", ["most", "half"], ["yes"]),
        NODE("If", ["yes"], ["y"], then_branch=body("a", "Neg"), else_branch=body("b", "Abs")),
    ]
    middle = numpy_helper.from_array(np.float32(0.5), "half")
    old = model_of(nodes, ["y"], [middle])
    new = half(old)
    compared(old, new)
    assert "r/float16" in halves(new)


def test_numbers_that_half_cannot_hold_are_its_largest():
    huge = numpy_helper.from_array(np.array([1e30, -1e30, 1], np.float32), "huge")
    old = model_of([NODE("Min", ["image", "huge"], ["y"])], ["y"], [huge], shape=("N", 3))
    values = numpy_helper.to_array(half(old).proto.graph.initializer[0])
    assert values.tolist() == [65504, -65504, 1]


def test_what_is_not_float32_is_left_alone():
    value = Value("x", "float64", ("N", 4))
    graph = helper.make_graph(
        [NODE("Relu", ["x"], ["y"])],
        "one",
        [value.info()],
        [Value("y", "float64", ("N", 4)).info()],
    )
    old = Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    assert half(old).proto == old.proto
