import numpy as np
import pytest
from architectures import convolutional
from architectures.net import proto_of
from functions import with_function
from onnx import TensorProto, helper

from onnxprobe.errors import GraphError
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.runtime import run


def info(name, shape=("N", 4)):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def branches(*, condition):
    """An If with two outputs, both from one tensor of the branch."""

    def graph(name, op):
        made, same = f"{name}/made", f"{name}/same"
        nodes = [helper.make_node(op, ["x"], [made]), helper.make_node("Identity", [made], [same])]
        return helper.make_graph(nodes, name, [], [info(made), info(same)])

    node = helper.make_node(
        "If",
        ["yes"],
        ["y", "z"],
        then_branch=graph("then", "Neg"),
        else_branch=graph("else", "Abs"),
    )
    given = (
        [] if condition is None else [helper.make_tensor("yes", TensorProto.BOOL, [], [condition])]
    )
    inputs = [info("x")]
    if condition is None:
        inputs.append(helper.make_tensor_value_info("yes", TensorProto.BOOL, []))
    made = helper.make_graph([node], "g", inputs, [info("y"), info("z")], given)
    imports = [helper.make_opsetid("", 17)]
    return Model(helper.make_model(made, opset_imports=imports, ir_version=8))


def other_version():
    """A function that says another version of its own domain than the model that calls it."""
    proto = proto_of(with_function("y"))
    for function in proto.functions:
        for opset in function.opset_import:
            opset.version = 17 if opset.domain == "ours" else opset.version
    return Model(proto)


@pytest.mark.parametrize(
    "model",
    [with_function("y"), other_version(), branches(condition=True), branches(condition=False)],
)
def test_written_out_flat_a_model_answers_as_before(model):
    flat = inline(model)
    x = {"x": np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)}
    old, new = run(model, x), run(flat, x)
    assert {node.op for node in flat.nodes} <= {"Neg", "Abs", "Identity"}
    assert not flat.proto.functions
    assert list(old) == list(new)
    assert all(np.array_equal(old[name], new[name]) for name in old)


def test_a_function_of_another_opset_stays_and_so_does_what_it_answers():
    proto = proto_of(with_function("y"))
    for function in proto.functions:
        function.opset_import[0].version = 16
    flat = inline(Model(proto))
    assert {node.op for node in flat.nodes} == {"ours::Outer"}
    x = {"x": np.ones((2, 4), np.float32)}
    assert np.array_equal(run(flat, x)["y"], run(Model(proto), x)["y"])


def test_a_branch_that_is_decided_at_run_time_stays(tiny):
    model = branches(condition=None)
    assert inline(model) is model
    assert inline(tiny) is tiny


def test_what_a_branch_only_hands_through_is_handed_through():
    proto = proto_of(branches(condition=True))
    for attribute in proto.graph.node[0].attribute:
        attribute.g.output[1].name = "x"
    assert [(n.op, n.inputs, n.outputs) for n in inline(Model(proto)).nodes][-1] == (
        "Identity",
        ("x",),
        ("z",),
    )


def test_functions_that_call_each_other_in_a_circle_are_refused():
    proto = proto_of(with_function("y"))
    proto.functions[0].node[0].op_type, proto.functions[0].node[0].domain = "Outer", "ours"
    proto.functions[0].opset_import.add(domain="ours", version=1)
    with pytest.raises(GraphError, match="the local functions cannot be written out"):
        inline(Model(proto))


def wrapped(model):
    """The whole network as one local function."""
    old = model.proto.graph
    weights = [t.name for t in old.initializer]
    reads = [*model.inputs, *weights]
    imports = list(model.proto.opset_import)
    function = helper.make_function("ours", "Net", reads, model.outputs, old.node, imports)
    call = helper.make_node("Net", reads, model.outputs, domain="ours")
    graph = helper.make_graph([call], "g", old.input, old.output, old.initializer)
    imports.append(helper.make_opsetid("ours", 1))
    return Model(
        helper.make_model(graph, functions=[function], opset_imports=imports, ir_version=8)
    )


def test_a_network_inside_a_function_is_picked_in_and_said_so():
    found = pick(wrapped(convolutional.resnet().model))
    assert found.shape == (512, 7, 7)
    assert found.op == "Relu"
    assert "lies inside a local function or an If" in found.reasons[-1]
