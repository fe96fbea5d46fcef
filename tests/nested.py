"""The small network with a part of it inside a local function, or inside an If on a constant."""

import onnx
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.graph.model import Model

INNER = ("stem", "branch", "gate")
"""What lies inside."""


def in_function(calls=1):
    """Everything up to the residual sum is one call; the inner weight is a constant of the function."""
    old = tiny_model().proto
    nodes = list(old.graph.node)
    body = [_constant(old, "w1"), *nodes[:4]]
    imports = list(old.opset_import)
    function = helper.make_function("ours", "Stage", ["image", "w2"], ["block"], body, imports)
    callers = [
        helper.make_node("Stage", ["image", "w2"], [f"block{i}"], name=f"stage{i}", domain="ours")
        for i in range(calls)
    ]
    total = helper.make_node("Sum", [f"block{i}" for i in range(calls)], ["block"], name="sum")
    new = _with(old, [*callers, total, *nodes[4:]])
    del new.graph.initializer[0]  # the function has its own
    new.functions.append(function)
    new.opset_import.append(helper.make_opsetid("ours", 1))
    return Model(new)


def in_branch():
    """The same inside the branch that an If on a constant takes."""
    old = tiny_model().proto
    nodes = list(old.graph.node)
    info = helper.make_tensor_value_info("block", TensorProto.FLOAT, None)
    taken = helper.make_graph(nodes[:4], "taken", [], [info])
    zero = helper.make_node("Sub", ["image", "image"], ["none"])
    never = helper.make_node("Conv", ["none", "w1"], ["block"], pads=[1, 1, 1, 1])
    other = helper.make_graph([zero, never], "never", [], [info])
    fork = helper.make_node(
        "If", ["yes"], ["block"], name="fork", then_branch=taken, else_branch=other
    )
    new = _with(old, [fork, *nodes[4:]])
    new.graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    return Model(new)


def _with(old, nodes):
    new = onnx.ModelProto()
    new.CopyFrom(old)
    del new.graph.node[:]
    new.graph.node.extend(nodes)
    return new


def _constant(model, name):
    (tensor,) = (t for t in model.graph.initializer if t.name == name)
    return helper.make_node("Constant", [], [name], value=tensor)
