"""What follows of one tensor is what ONNX infers of it, or nothing."""

from itertools import pairwise

import architectures
import numpy as np
import pytest
from architectures.net import proto_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.inference.along import RULES
from onnxprobe.graph.inference.infer import infer
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value


def network(nodes, weights=(), shape=("N", 6, 9, 8), inputs=()):
    infos = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape), *inputs]
    end = [helper.make_tensor_value_info("end", TensorProto.FLOAT, None)]
    stored = [numpy_helper.from_array(np.zeros(s, np.float32), name) for name, s in weights]
    nodes = [*nodes, helper.make_node("Identity", ["y"], ["end"])]
    graph = helper.make_graph(nodes, "net", infos, end, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def follows(proto, name="y"):
    """What is said without inference, once it is shown that ONNX says the same."""
    found = Model(proto).said(name)
    assert found is None or found == infer(proto)[name]
    return found


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_in_every_architecture_it_is_what_onnx_infers(build):
    proto = build().model.proto
    model, inferred = Model(proto), infer(proto)
    for name in model.names:
        found = model.said(name)
        assert found is None or found == inferred[name]


def test_in_a_residual_network_it_is_every_tensor():
    proto = proto_of(architectures.convolutional.resnet().model)
    model = Model(proto)
    assert all(model.said(name) for node in proto.graph.node[:-2] for name in node.output)


def test_a_tensor_of_which_the_file_says_something_is_left_to_onnx():
    proto = network([helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Neg", ["r"], ["y"])])
    assert follows(proto)
    proto.graph.value_info.add().CopyFrom(Value("r", "float32", ("rows", 6, 9, 8)).info())
    assert Model(proto).said("y") is None


SMALL = st.integers(0, 3)


@settings(deadline=None)
@given(
    st.sampled_from(["Conv", "MaxPool", "AveragePool"]),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.fixed_dictionaries(
        {},
        optional={
            "strides": st.lists(st.integers(1, 3), min_size=2, max_size=2),
            "dilations": st.lists(st.integers(1, 3), min_size=2, max_size=2),
            "pads": st.lists(SMALL, min_size=4, max_size=4),
            "auto_pad": st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
            "ceil_mode": st.integers(0, 1),
        },
    ),
)
def test_windows_are_counted_as_onnx_counts_them(op, kernel, said):
    assume("pads" not in said or said.get("auto_pad", "NOTSET") == "NOTSET")
    if op == "Conv":
        said.pop("ceil_mode", None)
        node = helper.make_node(op, ["x", "w"], ["y"], **said)
    else:
        node = helper.make_node(op, ["x"], ["y"], kernel_shape=kernel, **said)
    found = follows(network([node], [("w", (5, 6, *kernel))]))
    assert found is None or found.shape[0] == "N"


@pytest.mark.parametrize(
    ("nodes", "weights", "shape"),
    [
        (["Conv x w"], {"w": (5, 6, 3, 3)}, ("N", 5, 7, 6)),
        (["GlobalAveragePool x"], {}, ("N", 6, 1, 1)),
        (["GlobalMaxPool x:m", "Flatten m"], {}, ("N", 6)),
        (["Mul x s"], {"s": (6, 1, 1)}, ("N", 6, 9, 8)),
        (["Relu x:r", "Concat r x r axis=1"], {}, ("N", 18, 9, 8)),
        (["Concat x x axis=-1"], {}, ("N", 6, 9, 16)),
        (["Flatten x:f", "Gemm f w"], {"w": (432, 7)}, ("N", 7)),
        (["Flatten x:f", "Gemm f w transB=1"], {"w": (7, 432)}, ("N", 7)),
        (["Concat x x axis=0"], {}, None),
        (["Flatten x axis=2"], {}, None),
        (["Mul x s"], {"s": (5, 1, 1)}, None),
        (["Conv x w"], {"w": (5, 6, 30, 3)}, None),
        (["Conv x w"], {"w": (5, 6)}, None),
        (["Sin x"], {}, None),
        (["Relu y"], {}, None),
        (["Relu z:y", "Relu y:z"], {}, None),
    ],
)
def test_what_follows_and_what_does_not(nodes, weights, shape):
    made = []
    for text in nodes:
        op, *words = text.split()
        said = {k: int(v) for k, v in (word.split("=") for word in words if "=" in word)}
        reads = [word.partition(":")[0] for word in words if "=" not in word]
        out = next((word.partition(":")[2] for word in words if ":" in word), "y")
        made.append(helper.make_node(op, reads, [out], **said))
    proto = network(made, weights.items())
    if shape is None:
        assert Model(proto).said("y") is None
    else:
        assert follows(proto) == Value("y", "float32", shape)


def test_types_that_differ_an_open_size_and_an_operator_of_others_are_left_to_onnx():
    whole = helper.make_tensor_value_info("i", TensorProto.INT64, ("N", 6, 9, 8))
    add = helper.make_node("Add", ["x", "i"], ["y"])
    assert Model(network([add], inputs=[whole])).said("y") is None
    assert follows(network([helper.make_node("Relu", ["x"], ["y"])], shape=(None, 6))) is None
    other = helper.make_node("Relu", ["x"], ["y"], domain="com.example")
    assert Model(network([other])).said("y") is None


@pytest.mark.parametrize(
    "said",
    [
        {"strides": 2},
        {"pads": [1.5] * 4},
        {"pads": [1, 1]},
        {"auto_pad": 3},
        {"dilations": ["a", "b"]},
        {"strides": [0, 1]},
        {"kernel_shape": "wide"},
    ],
)
def test_attributes_of_another_kind_are_left_to_onnx(said):
    for node in (
        helper.make_node("Conv", ["x", "w"], ["y"], **said),
        helper.make_node("MaxPool", ["x"], ["y"], **{"kernel_shape": [2, 2]} | said),
        helper.make_node("Flatten", ["x"], ["y"], axis="first"),
        helper.make_node("Concat", ["x", "x"], ["y"], axis="last"),
    ):
        assert Model(network([node], [("w", (5, 6, 2, 2))])).said("y") is None


def test_weights_of_negative_size_are_left_to_onnx():
    proto = network([helper.make_node("Conv", ["x", "w"], ["y"])], [("w", (5, 6, 2, 2))])
    proto.graph.initializer[0].dims[0] = -5
    assert Model(proto).said("y") is None


def test_a_chain_longer_than_python_recurses_is_followed():
    names = ["x", *(f"t{i}" for i in range(5000)), "y"]
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in pairwise(names)]
    assert follows(network(nodes)) == Value("y", "float32", ("N", 6, 9, 8))


def test_every_rule_is_of_an_operator_that_onnx_has():
    from onnx import defs

    assert all(defs.has(op) for op in RULES)
