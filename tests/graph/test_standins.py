"""A stand-in is right if ONNX Runtime gives the shapes and types that inference says."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.inference.infer import infer
from onnxprobe.graph.inference.standins import DOMAIN, INNER, STANDINS
from onnxprobe.graph.model import Model
from onnxprobe.runtime import Session

RNG = np.random.default_rng(0)
TOKENS, MAP, LAST = ("N", 5, 8), ("N", 4, 6, 7), ("N", 6, 7, 4)
SCALE, ZERO = np.float32(0.1), np.uint8(3)
SAID = (SCALE, ZERO)
U8, F32 = TensorProto.UINT8, TensorProto.FLOAT


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def bytes_(*shape):
    return RNG.integers(0, 9, shape).astype(np.uint8)


KERNEL = bytes_(3, 4, 2, 3)
CASES = {
    "Attention": (TOKENS, F32, [floats(8, 36), floats(36)], {"num_heads": 2}),
    "BiasGelu": (TOKENS, F32, [floats(8)], {}),
    "DynamicQuantizeMatMul": (TOKENS, F32, [bytes_(8, 3), np.float32([0.1]), bytes_(1)], {}),
    "FastGelu": (TOKENS, F32, [floats(8)], {}),
    "FusedConv": (MAP, F32, [floats(3, 4, 2, 3), floats(3)], {"activation": "Relu", "strides": [2, 1]}),
    "FusedGemm": (("N", 8), F32, [floats(3, 8), floats(3)], {"activation": "Relu", "transB": 1}),
    "FusedMatMul": (TOKENS, F32, ["x"], {"transB": 1, "alpha": 0.5}),
    "Gelu": (TOKENS, F32, [], {}),
    "MatMulIntegerToFloat": (TOKENS, U8, [bytes_(8, 3), SCALE, SCALE, ZERO, ZERO], {}),
    "MultiHeadAttention": (TOKENS, F32, ["x", "x"], {"num_heads": 2}),
    "NhwcMaxPool": (LAST, U8, [], {"kernel_shape": [2, 3], "strides": [2, 1]}),
    "QGemm": (("N", 8), U8, [*SAID, bytes_(3, 8), *SAID, None, *SAID], {"transB": 1}),
    "QLinearAdd": (MAP, U8, [*SAID, bytes_(4, 1, 1), *SAID, *SAID], {}),
    "QLinearAveragePool": (MAP, U8, [*SAID, *SAID], {"kernel_shape": [2, 3]}),
    "QLinearConcat": (MAP, U8, None, {"axis": 1}),
    "QLinearConv": (LAST, U8, [*SAID, KERNEL, *SAID, *SAID], {"channels_last": 1}),
    "QLinearGlobalAveragePool": (MAP, U8, [*SAID, *SAID], {"channels_last": 0}),
    "QLinearLeakyRelu": (MAP, U8, [*SAID, *SAID], {}),
    "QLinearMul": (MAP, U8, [*SAID, bytes_(4, 1, 1), *SAID, *SAID], {}),
    "QLinearSigmoid": (MAP, U8, [*SAID, *SAID], {}),
    "QLinearSoftmax": (TOKENS, U8, [*SAID, *SAID], {"axis": -1, "opset": 13}),
    "QLinearWhere": (MAP, U8, None, {}),
    "QuickGelu": (TOKENS, F32, [], {}),
    "RotaryEmbedding": (TOKENS, F32, [np.int64([0]), floats(9, 4), floats(9, 4)], {}),
    "SkipLayerNormalization": (TOKENS, F32, ["x", floats(8), floats(8)], {}),
    "SkipSimplifiedLayerNormalization": (TOKENS, F32, ["x", floats(8)], {}),
}  # fmt: skip
"""By operator: what it reads first, of which type, what else, and its settings."""
READS = {
    "QLinearConcat": (*SAID, "x", *SAID, "x", *SAID),
    "QLinearWhere": (RNG.random((6, 7)) < 0.5, "x", *SAID, bytes_(1, 1, 7), *SAID, *SAID),
}
"""All inputs, where ``x`` is not the first."""


def model(op, shape, dtype, reads, **settings):
    """One node; constants as they are, ``None`` where an input is left out."""
    names, constants = [], []
    for i, read in enumerate(reads):
        name = "" if read is None else read if isinstance(read, str) else f"c{i}"
        names.append(name)
        if name == f"c{i}":
            constants.append(numpy_helper.from_array(np.asarray(read), name))
    node = helper.make_node(op, names, ["y"], domain=DOMAIN, **settings)
    graph = helper.make_graph(
        [node],
        op,
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", dtype if op != "MatMulIntegerToFloat" else F32, None)],
        constants,
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    return Model(helper.make_model(graph, opset_imports=imports, ir_version=8))


def case(op):
    shape, dtype, others, settings = CASES[op]
    if op in {"QLinearConcat", "QLinearWhere"}:
        return model(op, shape, dtype, READS[op], **settings)
    return model(op, shape, dtype, ["x", *others], **settings)


@pytest.mark.parametrize("op", STANDINS)
def test_inference_says_what_onnx_runtime_gives(op):
    net = case(op)
    found = infer(net.proto)["y"]
    session = Session(net)
    fixed = CASES[op][0][1:]
    feed = bytes_(3, *fixed) if CASES[op][1] == U8 else floats(3, *fixed)
    given = session.run({"x": feed})["y"]
    assert tuple(3 if d == "N" else d for d in found.shape) == given.shape
    assert found.dtype == str(given.dtype)


def test_no_tensor_of_a_stand_in_shows():
    assert not any(name.startswith(INNER) for name in case("Attention").values)


def test_what_has_no_stand_in_stays_unknown():
    wide = model(
        "Attention", TOKENS, F32, ["x", floats(8, 40), floats(40)],
        num_heads=2, qkv_hidden_sizes=[8, 8, 24],
    )  # fmt: skip
    assert wide.values["y"].shape is None
    assert model("Inverse", TOKENS, F32, ["x"]).values["y"].shape is None
