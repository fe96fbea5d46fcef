"""Files that say a newer opset than the one their nodes were written for: mended, they answer as they did."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import RunError
from onnxprobe.graph.model import Model
from onnxprobe.repair import repair
from onnxprobe.repair.proving import diagnosed, write_repaired
from onnxprobe.runtime import Session, run

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 3, 4, 4)).astype(np.float32)
WEIGHTS = {
    "a": RANDOM.uniform(0.5, 1, 3).astype(np.float32),
    "places": RANDOM.uniform(0.5, 1, (3, 4, 4)).astype(np.float32),
    "grows": np.array([1, 1, 2, 1.3], np.float32),
    "shrinks": np.array([1, 1, 0.5, 0.7], np.float32),
    "both": np.array([1, 1, 1.5, 0.7], np.float32),
    "none": np.zeros(0, np.float32),
    "to": np.array([2, 3, 7, 5]),
    "i": np.array([[[[3, 1]]]]),
    "u": np.ones((1, 1, 1, 2), np.float32),
}


def node(op, *inputs, **attributes):
    return helper.make_node(op, inputs, ["y"], name="n", **attributes)


def file(nodes, opset):
    """A file from ``x`` to ``y`` with these nodes and the weights that they read."""
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ["N", 3, 4, 4]), ("y", ["N", "c", "h", "w"]))
    ]
    read = {name for one in nodes for name in one.input} & WEIGHTS.keys()
    weights = [numpy_helper.from_array(WEIGHTS[name], name) for name in sorted(read)]
    graph = helper.make_graph(nodes, "old", infos[:1], infos[1:], weights)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=7)


def norm(weights, **attributes):
    return node("BatchNormalization", "x", *[weights] * 4, **attributes)


RAN = {
    "Upsample, how much as an input": (node("Upsample", "x", "grows"), 9),
    "Upsample between pixels": (node("Upsample", "x", "grows", mode="linear"), 9),
    "Upsample, how much as an attribute": (node("Upsample", "x", scales=[1.0, 1.0, 2.0, 3.0]), 7),
    "Resize that grows": (node("Resize", "x", "grows"), 10),
    "Resize that shrinks": (node("Resize", "x", "shrinks"), 10),
    "Resize between pixels": (node("Resize", "x", "both", mode="linear"), 10),
    "a mean for each place": (norm("places", spatial=0), 8),
    "a mean for each channel": (norm("a", spatial=1), 8),
    "Scatter": (node("Scatter", "x", "i", "u", axis=2), 9),
}
"""What ONNX Runtime takes in its own opset."""


@pytest.mark.parametrize("later", [12, 17])
@pytest.mark.parametrize("name", RAN)
def test_what_says_a_later_opset_answers_as_it_did_in_its_own(name, later, tmp_path):
    old, opset = RAN[name]
    answer = run(Model(file([old], opset)), {"x": X})["y"]
    with pytest.raises(RunError):
        Session(Model(file([old], later)))
    (tmp_path / "old.onnx").write_bytes(file([old], later).SerializeToString())
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    first = done.findings[0]
    assert (first.ailment, first.names) == ("forms", (f"{old.op_type} 'n'",))
    onnx.checker.check_model(tmp_path / "new.onnx")
    np.testing.assert_array_equal(run(tmp_path / "new.onnx", {"x": X})["y"], answer)


LEFT = {
    "consumed_inputs": (node("Relu", "x", consumed_inputs=[0]), node("Relu", "x")),
    "is_test": (norm("a", is_test=1, consumed_inputs=[0, 0, 0, 1, 1]), norm("a")),
    "is_test of Dropout": (node("Dropout", "x", is_test=1), node("Identity", "x")),
    "spatial": (norm("a", spatial=0), norm("a")),
    "roi": (node("Resize", "x", "shrinks", mode="linear", coordinate_transformation_mode="half_pixel"),
            node("Resize", "x", "none", "shrinks", mode="linear")),
}  # fmt: skip
"""What is left of an old form, or left out of a newer one, and what it means."""


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_of_an_old_form_is_gone(name, tmp_path):
    old, meant = LEFT[name]
    answer = run(Model(file([meant], 12)), {"x": X})["y"]
    (tmp_path / "old.onnx").write_bytes(file([old], 12).SerializeToString())
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert done.before
    onnx.checker.check_model(tmp_path / "new.onnx")
    np.testing.assert_array_equal(run(tmp_path / "new.onnx", {"x": X})["y"], answer)


def test_weights_for_each_channel_leave_no_mean_for_each_place_where_that_still_could_be_said(
    tmp_path,
):
    (tmp_path / "old.onnx").write_bytes(file([norm("a", spatial=0)], 8).SerializeToString())
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert "Invalid input scale" in done.before
    assert [f.ailment for f in done.findings] == ["spatial"]
    np.testing.assert_array_equal(
        run(tmp_path / "new.onnx", {"x": X})["y"], run(Model(file([norm("a")], 8)), {"x": X})["y"]
    )


def test_weights_for_each_place_stay():
    assert repair(Model(file([norm("places", spatial=0)], 8))).findings == ()


@pytest.mark.parametrize(
    "blank", [node("Resize", "x", "", "grows"), node("Resize", "x", "", "", "to", mode="cubic")]
)
def test_a_blank_that_opset_11_does_not_allow_is_filled_and_nothing_changes(blank, tmp_path):
    proto = file([blank], 12)
    with pytest.raises(onnx.checker.ValidationError):
        onnx.checker.check_model(proto)
    (tmp_path / "old.onnx").write_bytes(proto.SerializeToString())
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert [f.ailment for f in done.findings] == ["forms"]
    onnx.checker.check_model(tmp_path / "new.onnx")
    assert [o.identical for o in done.outputs] in ([True], [])
    assert repair(Model(file([blank], 13))).findings == ()


UNCERTAIN = {
    "was to be trained": (norm("a", is_test=0), "'is_test'"),
    "was to be trained, Dropout": (node("Dropout", "x", is_test=0), "'is_test'"),
    "axes that grow and axes that shrink": (node("Resize", "x", "both"), "Resize 'n' reads 2 tensors"),
    "never an attribute": (node("Relu", "x", is_test=1), "'is_test'"),
    "types that are no more whole": (node("GlobalLpPool", "x", p=2.0), "'p' as FLOAT; it must be INT"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCERTAIN)
def test_what_may_mean_two_things_is_refused_by_name(name, tmp_path):
    old, said = UNCERTAIN[name]
    path = tmp_path / "old.onnx"
    path.write_bytes(file([old], 12).SerializeToString())
    with pytest.raises(RunError) as caught:
        diagnosed(path)
    assert said in str(caught.value)


def test_scales_that_are_computed_are_followed_where_no_pixel_is_chosen(tmp_path):
    scales = helper.make_node("Abs", ["grows"], ["s"])
    between = [scales, node("Upsample", "x", "s", mode="linear")]
    answer = run(Model(file(between, 9)), {"x": X})["y"]
    (tmp_path / "old.onnx").write_bytes(file(between, 11).SerializeToString())
    write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    np.testing.assert_array_equal(run(tmp_path / "new.onnx", {"x": X})["y"], answer)
    assert repair(Model(file([scales, node("Upsample", "x", "s")], 11))).findings == ()


def test_what_lies_in_a_branch_or_a_local_function_is_mended_too():
    old = helper.make_node("Relu", ["x"], ["r"], consumed_inputs=[0])
    result = [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)]
    branch = helper.make_graph([old], "branch", [], result)
    flag = helper.make_node("Constant", [], ["flag"], value=numpy_helper.from_array(np.True_))
    choice = helper.make_node("If", ["flag"], ["c"], then_branch=branch, else_branch=branch)
    call = helper.make_node("Twice", ["c"], ["y"], domain="ours")
    proto = file([flag, choice, call], 13)
    inside = [
        helper.make_node("Add", ["a", "a"], ["s"], consumed_inputs=[0, 1]),
        helper.make_node("Relu", ["s"], ["b"]),
    ]
    opsets = [helper.make_opsetid("", 13)]
    proto.functions.append(helper.make_function("ours", "Twice", ["a"], ["b"], inside, opsets))
    proto.opset_import.add(domain="ours", version=1)
    proto.ir_version = 8
    mended = repair(Model(proto), also=["functions"])
    assert [f.ailment for f in mended.findings][:2] == ["functions", "forms"]
    np.testing.assert_array_equal(run(mended.model, {"x": X})["y"], 2 * np.maximum(X, 0))


def test_a_branch_that_depends_on_what_is_read_is_mended_where_it_is():
    def branch(op):
        node = helper.make_node(op, ["x"], ["r"], name=op, consumed_inputs=[0])
        result = [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)]
        return helper.make_graph([node], op, [], result)

    large = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Greater", ["s", "zero"], ["flag"]),
        helper.make_node(
            "If", ["flag"], ["y"], then_branch=branch("Relu"), else_branch=branch("Neg")
        ),
    ]
    proto = file(large, 13)
    proto.graph.initializer.append(numpy_helper.from_array(np.float32(0), "zero"))
    mended = repair(Model(proto))
    assert {(f.ailment, frozenset(f.names)) for f in mended.findings} == {
        ("forms", frozenset({"Relu 'Relu'", "Neg 'Neg'"}))
    }
    for x in (X, np.abs(X), -np.abs(X)):
        answer = np.maximum(x, 0) if x.sum() > 0 else -x
        np.testing.assert_array_equal(run(mended.model, {"x": x})["y"], answer)
