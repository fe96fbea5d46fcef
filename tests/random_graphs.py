"""Random graphs: dead ends, constants, several inputs and outputs, nodes that write two tensors."""

from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnxprobe.graph.model import Model


def info(name):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def captured(name, written):
    """An If that feeds on ``name`` only from inside its branches."""

    def branch(side):
        inner = helper.make_node("Neg", [name], [f"{written}/{side}"])
        return helper.make_graph([inner], side, [], [info(f"{written}/{side}")])

    return helper.make_node(
        "If", ["yes"], [written], then_branch=branch("a"), else_branch=branch("b")
    )


@st.composite
def graphs(draw, inputs=1, outputs=1, most=8):
    """Draw a model; its constant ``yes`` is only read by Ifs."""
    names = [f"x{i}" for i in range(inputs)]
    entered, nodes = list(names), []
    for i in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["Sum", "Sum", "Sum", "Split", "If", "Constant"]))
        made = [f"t{i}"]
        reads = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        if kind == "Constant":
            nodes.append(helper.make_node("Constant", [], made, value_floats=[1.0] * 4))
        elif kind == "Split":
            made = [f"t{i}", f"s{i}"]
            nodes.append(helper.make_node("Split", reads[:1], made))
        elif kind == "If":
            nodes.append(captured(reads[0], f"t{i}"))
        else:
            nodes.append(helper.make_node("Sum", reads, made))
        names += made
    written = [name for name in names if name not in entered]
    ends = draw(st.lists(st.sampled_from(written), min_size=1, max_size=outputs, unique=True))
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    graph = helper.make_graph(
        nodes, "random", [info(n) for n in entered], [info(n) for n in ends], [yes]
    )
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    )
