"""What float16 loses, shown by a runtime that would rather compute in float32.

ONNX Runtime has few float16 operators for CPUs: it computes most in float32, and leaves a rounding
out where the next operator would undo it. What a GPU loses would not be seen. So the model is run in
float32 with the rounding written out: every number that float16 would hold is brought to its 11 bits
by multiplying with 2¹³ + 1 and taking differences (Veltkamp 1968; Dekker 1971,
doi:10.1007/BF01397083), and is infinite above 65504. Sums inside an operator are exact to float32, as
on tensor cores; what is below float16's smallest normal number, 6e-5, is not rounded to its few bits.
"""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model, Node

LARGEST: Final = 65504.0
_SPLIT: Final = 2.0**13 + 1
_ROUNDS_DOWN: Final = float(np.nextafter(np.float32(65520), np.float32(0)))
"""The last float32 that is rounded to the largest float16 rather than up."""
_CONSTANTS: Final = {"split": _SPLIT, "largest": _ROUNDS_DOWN, "infinite": np.inf}


def rounding(half: Model, prefix: str = "rounding/") -> Model:
    """Return what ``half`` computes, in float32 with every rounding to float16 written out."""
    proto = onnx.ModelProto()
    proto.CopyFrom(half.proto)
    graph = proto.graph
    for tensor in graph.initializer:
        _single(half, tensor, tensor.name)
    for info in graph.input:
        if info.type.tensor_type.elem_type == TensorProto.FLOAT16 and info.name in half.tensors:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:], graph.node[:]
    for name, value in _CONSTANTS.items():
        tensor = numpy_helper.from_array(np.asarray(value, np.float32), prefix + name)
        graph.node.append(helper.make_node("Constant", [], [tensor.name], value=tensor))
    for node in half.nodes:
        graph.node.extend(_rounded(half, node, prefix))
    return Model(proto)


def _rounded(half: Model, node: Node, prefix: str) -> list[onnx.NodeProto]:
    new = onnx.NodeProto()
    new.CopyFrom(node.proto)
    if node.op == "Constant" and node.outputs[0] in half.tensors:
        _single(half, new.attribute[0].t, node.outputs[0])
        return [new]
    made = [name for name in node.writes if half.values[name].dtype == "float16"]
    if node.op == "Cast" and made:
        return _round(node.inputs[0], made[0], prefix)
    if node.op == "Cast" and half.values[node.inputs[0]].dtype == "float16":
        if node.attribute("to") == TensorProto.FLOAT:
            return [helper.make_node("Identity", node.inputs, node.outputs)]
        return [new]
    after = []
    for name in made:
        new.output[list(node.outputs).index(name)] = f"{prefix}{name}/exact"
        after += _round(f"{prefix}{name}/exact", name, prefix)
    return [new, *after]


def _round(exact: str, to: str, prefix: str) -> list[onnx.NodeProto]:
    """Split ``exact``; its higher half is what is left. Above the largest, it is infinite."""
    own = f"{prefix}{to}/"
    steps = [
        ("Mul", [exact, f"{prefix}split"], f"{own}times"),
        ("Sub", [f"{own}times", exact], f"{own}more"),
        ("Sub", [f"{own}times", f"{own}more"], f"{own}bits"),
        ("Abs", [exact], f"{own}size"),
        ("Greater", [f"{own}size", f"{prefix}largest"], f"{own}over"),
        ("Mul", [exact, f"{prefix}infinite"], f"{own}endless"),
        ("Where", [f"{own}over", f"{own}endless", f"{own}bits"], to),
    ]
    return [
        helper.make_node(op, inputs, [out], name=f"{own}{place}")
        for place, (op, inputs, out) in enumerate(steps)
    ]


def _single(half: Model, tensor: onnx.TensorProto, name: str) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        values = half.constant(name).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
