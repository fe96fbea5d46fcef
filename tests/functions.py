"""A head that calls local functions."""

from onnx import TensorProto, helper

from onnxprobe.graph.model import Model


def with_function(name):
    """A head that calls a local function, which calls another one."""
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ours", 1)]
    inner = helper.make_function(
        "ours", "Inner", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], imports[:1]
    )
    outer = helper.make_function(
        "ours",
        "Outer",
        ["a"],
        ["b"],
        [helper.make_node("Inner", ["a"], ["b"], domain="ours")],
        imports,
    )
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in ("x", name)]
    graph = helper.make_graph(
        [helper.make_node("Outer", ["x"], [name], domain="ours")], "caller", ends[:1], ends[1:]
    )
    return Model(
        helper.make_model(graph, functions=[inner, outer], opset_imports=imports, ir_version=8)
    )
