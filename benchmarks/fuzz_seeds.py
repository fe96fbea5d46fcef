"""Six small models that between them use every part of the format: what ``fuzz_onnx`` mutates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Node = onnx.NodeProto
_rng = np.random.default_rng(0)


def weight(name: str, *shape: int) -> onnx.TensorProto:
    """Return random float32 numbers as a constant."""
    return numpy_helper.from_array(_rng.normal(size=shape).astype(np.float32), name)


def integers(name: str, *values: int) -> onnx.TensorProto:
    """Return int64 numbers as a constant."""
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(
    nodes: Sequence[Node],
    given: Any,
    wanted: Any,
    weights: Sequence[onnx.TensorProto],
    **options: Any,
) -> onnx.ModelProto:
    """Return a model of opset 17; ``given`` and ``wanted`` are (name, shape) pairs."""
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side]
        for side in (given, wanted)
    ]
    graph = helper.make_graph(nodes, "seed", *ends, weights)
    opsets = [helper.make_opsetid("", 17), *options.pop("opsets", ())]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8, **options)
    proto.metadata_props.add(key="owner", value="somebody")
    return proto


def residual() -> onnx.ModelProto:
    """Convolutions with a skip, a mean and a linear layer; weights long enough to stay on disk."""
    n = helper.make_node
    nodes = [
        n("Conv", ["image", "w1"], ["stem"], name="conv1", pads=[1] * 4),
        n("Conv", ["stem", "w2"], ["branch"], name="conv2", pads=[1] * 4),
        n("Relu", ["branch"], ["gate"], name="relu"),
        n("Add", ["stem", "gate"], ["block"], name="add"),
        n("GlobalAveragePool", ["block"], ["mean"], name="pool"),
        n("Flatten", ["mean"], ["flat"], name="flatten"),
        n("Gemm", ["flat", "w3", "b3"], ["scores"], name="gemm"),
    ]
    weights = [
        weight("w1", 8, 3, 3, 3),
        weight("w2", 8, 8, 3, 3),
        weight("w3", 8, 5),
        weight("b3", 5),
    ]
    return model(nodes, [("image", ["N", 3, 16, 16])], [("scores", ["N", 5])], weights)


def typed() -> onnx.ModelProto:
    """Constants in every form: typed fields, Constant nodes, halves, packed and sparse ones."""
    n, tensor = helper.make_node, helper.make_tensor
    floats = _rng.normal(size=2400)
    weights = [
        tensor("typed", TensorProto.FLOAT, [400, 6], floats.tolist()),
        tensor("order", TensorProto.INT64, [400], _rng.permutation(400).tolist()),
        tensor("double", TensorProto.DOUBLE, [200], floats[:200].tolist()),
        tensor("half", TensorProto.FLOAT16, [400], floats[:400].tolist()),
        tensor("four", TensorProto.INT4, [3001], _rng.integers(-8, 8, 3001).tolist()),
        tensor("text", TensorProto.STRING, [2], [b"one", b"two"]),
    ]
    nodes = [
        n("Constant", [], ["table"], value=weight("value", 8, 400)),
        n("Constant", [], ["two"], value_float=2.0),
        n("MatMul", ["x", "table"], ["wide"]),
        n("Mul", ["wide", "two"], ["twice"]),
        n("Gather", ["twice", "order"], ["shuffled"], axis=1),
        n("MatMul", ["shuffled", "typed"], ["y"]),
    ]
    proto = model(nodes, [("x", ["N", 8])], [("y", ["N", 6])], weights)
    values, places = weight("sparse", 300), integers("places", *range(300))
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [9000]))
    return proto


def branches() -> onnx.ModelProto:
    """An If whose branches capture tensors and hold weights, and a Loop."""
    n, info = helper.make_node, helper.make_tensor_value_info

    def body(name: str, op: str) -> onnx.GraphProto:
        inner = [n(op, ["stem", f"{name}_w"], [f"{name}_y"])]
        out = [info(f"{name}_y", TensorProto.FLOAT, None)]
        return helper.make_graph(inner, name, [], out, [weight(f"{name}_w", 1, 600)])

    state = [
        info("s_in", TensorProto.FLOAT, ["N", 600]),
        info("s_out", TensorProto.FLOAT, ["N", 600]),
    ]
    go = [info(name, TensorProto.BOOL, []) for name in ("c_in", "c_out")]
    step = helper.make_graph(
        [n("Identity", ["c_in"], ["c_out"]), n("Add", ["s_in", "stem"], ["s_out"])],
        "step",
        [info("i", TensorProto.INT64, []), go[0], state[0]],
        [go[1], state[1]],
    )
    nodes = [
        n("Relu", ["x"], ["stem"]),
        n("Constant", [], ["yes"], value=helper.make_tensor("", TensorProto.BOOL, [], [True])),
        n("If", ["yes"], ["chosen"], then_branch=body("a", "Add"), else_branch=body("b", "Mul")),
        n("Loop", ["times", "yes", "chosen"], ["summed"], body=step),
        n("ReduceMean", ["summed"], ["y"], axes=[1]),
    ]
    return model(nodes, [("x", ["N", 600])], [("y", ["N", 1])], [integers("times", 3)])


def functions() -> onnx.ModelProto:
    """A local function, a custom operator, quantised weights, two inputs and two outputs."""
    n = helper.make_node
    opsets = [helper.make_opsetid("", 17)]
    body = [
        n("Constant", [], ["c"], value=weight("c", 400)),
        n("Add", ["a", "c"], ["s"]),
        n("Relu", ["s"], ["r"]),
    ]
    block = helper.make_function("local", "Block", ["a"], ["r"], body, opsets)
    weights = [
        numpy_helper.from_array(_rng.integers(0, 255, (400, 4)).astype(np.uint8), "q"),
        numpy_helper.from_array(np.float32(0.1), "scale"),
        numpy_helper.from_array(np.uint8(128), "zero"),
    ]
    nodes = [
        n("Block", ["x"], ["seen"], domain="local", name="block"),
        n("Mystery", ["seen"], ["told"], domain="com.example", name="mystery", depth=3),
        n("DequantizeLinear", ["q", "scale", "zero"], ["w"]),
        n("MatMul", ["seen", "w"], ["y"]),
        n("Add", ["y", "bias"], ["z"]),
    ]
    ends = [("x", ["N", 400]), ("bias", [4])], [("z", ["N", 4]), ("told", None)]
    others = [helper.make_opsetid("local", 1), helper.make_opsetid("com.example", 2)]
    return model(nodes, *ends, weights, opsets=others, functions=[block])


def transformer() -> onnx.ModelProto:
    """Tokens with shapes computed in the graph, an empty optional input, an unknown size."""
    n = helper.make_node
    nodes = [
        n("Shape", ["x"], ["shape"]),
        n("Gather", ["shape", "zero"], ["batch"]),
        n("Unsqueeze", ["batch", "axis"], ["rows"]),
        n("Concat", ["rows", "rest"], ["target"], axis=0),
        n("Reshape", ["x", "target"], ["tokens"]),
        n("MatMul", ["tokens", "w"], ["mixed"]),
        n("Softmax", ["mixed"], ["soft"], axis=-1),
        n("Clip", ["soft", "", "top"], ["clipped"]),
        n("ReduceMean", ["clipped"], ["y"], axes=[1], keepdims=0),
    ]
    scalars = [
        numpy_helper.from_array(np.int64(0), "zero"),
        numpy_helper.from_array(np.float32(1), "top"),
    ]
    weights = [*scalars, integers("axis", 0), integers("rest", -1, 64), weight("w", 64, 64)]
    return model(nodes, [("x", ["N", "T", 8, 8])], [("y", ["N", 64])], weights)


def beside(folder: Path) -> onnx.ModelProto:
    """The residual model with its weights in ``weights.bin`` in ``folder``."""
    proto = residual()
    arrays: dict[str, NDArray[Any]] = {
        t.name: numpy_helper.to_array(t) for t in proto.graph.initializer
    }
    with (folder / "weights.bin").open("wb") as file:
        for tensor in proto.graph.initializer:
            data = arrays[tensor.name].tobytes()
            said = {"location": "weights.bin", "offset": file.tell(), "length": len(data)}
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in said.items():
                tensor.external_data.add(key=key, value=str(value))
            file.write(data)
    return proto


def seeds(folder: Path) -> list[onnx.ModelProto]:
    """Return the six models; the weights of one are written to ``folder``."""
    return [residual(), typed(), branches(), functions(), transformer(), beside(folder)]
