import importlib
import pkgutil

import numpy as np
import pytest
from batch_cases import floats, ints, model, node, together_is_alone
from onnx import TensorProto, helper

import onnxprobe.batch.rules
from onnxprobe.batch import dynamic
from onnxprobe.batch.rules import BY_OP, RULES, Rule
from onnxprobe.errors import BatchError
from onnxprobe.measure import measured

N = node
MS = "com.microsoft"
QUANTISED = {
    "s": np.float32(0.1), "z": np.uint8(128), "w": np.arange(6, dtype=np.uint8).reshape(3, 2),
    "one": np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
}  # fmt: skip


def quantised(op, *inputs, **attributes):
    """A node between the scaling of ``x`` to bytes and of its answer back to floats."""
    last = N("DequantizeLinear", op.lower(), "s", "z", out="y")
    mine = N(op, *inputs, domain=MS, **attributes)
    return [N("QuantizeLinear", "x", "s", "z", out="q"), mine, last]


LSTM = {"w": floats(1, 8, 3), "r": floats(1, 8, 2), "b": floats(1, 16)}

KEPT = {
    "element": ([N("Relu", "x")], (1, 3)),
    "bias": ([N("Add", "x", "c")], (1, 3, 2), {"c": floats(3, 1)}),
    "dropout": ([N("Dropout", "x", "r")], (1, 3), {"r": np.float32(0.5)}),
    "conv": ([N("Conv", "x", "w")], (1, 3, 4, 4), {"w": floats(2, 3, 2, 2)}),
    "max pool": ([N("MaxPool", "x", kernel_shape=[2, 2])], (1, 3, 4, 4)),
    "batch norm": (
        [N("BatchNormalization", "x", "a", "b", "a", "v")],
        (1, 3, 4),
        {"a": floats(3), "b": floats(3), "v": np.ones(3, np.float32)},
    ),
    "grid": (
        [N("Reshape", "x", "s", out="g"), N("GridSample", "x", "g")], (1, 1, 4, 2),
        {"s": ints(-1, 2, 2, 2)},
    ),
    "softmax": ([N("Softmax", "x", axis=1)], (1, 3, 2)),
    "layer norm": ([N("LayerNormalization", "x", "s")], (1, 3, 2), {"s": floats(2)}),
    "top": ([N("TopK", "x", "k", outputs=["top", "places"])], (1, 3), {"k": ints(2)}, {"output": "top"}),
    "running sum": ([N("CumSum", "x", "a")], (1, 3), {"a": ints(1)[0]}),
    "own mean": ([N("MeanVarianceNormalization", "x", axes=[2, 3])], (1, 2, 3, 3)),
    "mean": ([N("ReduceMean", "x", axes=[1, 2], keepdims=0)], (1, 3, 2, 2)),
    "mean before": ([N("Transpose", "x", out="t", perm=[1, 0]), N("ReduceMean", "t", axes=[0], keepdims=0)], (1, 3)),
    "kept as it is": ([N("ReduceSum", "x", "none", noop_with_empty_axes=1)], (1, 3), {"none": ints()}),
    "largest": ([N("ArgMax", "x", out="a", axis=1), N("Cast", "a", to=1)], (1, 3)),
    "triangle": ([N("Trilu", "x")], (1, 3, 3)),
    "quantised": (
        [N("QuantizeLinear", "x", "s", out="q"), N("DequantizeLinear", "q", "s")],
        (1, 3),
        {"s": np.float32(0.1)},
    ),
    "quantised by channel": (
        [N("QuantizeLinear", "x", "s", out="q"), N("DequantizeLinear", "q", "s")],
        (1, 3, 2),
        {"s": np.array([0.1, 0.2, 0.3], np.float32)},
    ),
    "product": ([N("MatMul", "x", "w")], (1, 4, 3), {"w": floats(3, 2)}),
    "product with a vector": ([N("MatMul", "x", "w")], (1, 4, 3), {"w": floats(3)}),
    "columns": (
        [N("Transpose", "x", out="t"), N("MatMul", "w", "t")], (1, 3), {"w": floats(2, 3)}
    ),
    "attention": (
        [N("Transpose", "x", out="t", perm=[0, 2, 1]), N("MatMul", "x", "t")], (1, 4, 3)
    ),
    "quantised product": (
        [
            N("QuantizeLinear", "x", "s", "z", out="q"),
            N("QLinearMatMul", "q", "s", "z", "w", "s", "z", "s", "z"),
            N("DequantizeLinear", "qlinearmatmul", "s", "z", out="y"),
        ],
        (1, 3),
        {"s": np.float32(0.1), "z": np.uint8(128), "w": np.arange(6, dtype=np.uint8).reshape(3, 2)},
    ),
    "gemm": ([N("Gemm", "x", "w", "c", transB=1)], (1, 3), {"w": floats(2, 3), "c": floats(2)}),
    "gemm of a row": ([N("Gemm", "x", "w", "c", transB=1)], (1, 3), {"w": floats(2, 3), "c": floats(1, 2)}),
    "gemm turned": ([N("Transpose", "x", out="t"), N("Gemm", "t", "w", transA=1)], (1, 3), {"w": floats(3, 2)}),
    "einsum": ([N("Einsum", "x", "w", equation="nij, jk -> nik")], (1, 4, 3), {"w": floats(3, 2)}),
    "einsum of all that is before": (
        [N("Einsum", "x", "w", equation="...ij,jk->...k")], (1, 2, 4, 3), {"w": floats(3, 2)}
    ),
    "columns put together": (
        [N("Col2Im", "x", "image", "block")], (1, 4, 6), {"image": ints(3, 4), "block": ints(2, 2)},
        {"opset": 18},
    ),
    "reshape": ([N("Reshape", "x", "s")], (1, 4, 3), {"s": ints(-1, 12)}),
    "windows": (
        [
            N("Reshape", "x", "s", out="a"),
            N("Transpose", "a", out="b", perm=[0, 2, 1, 3]),
            N("Reshape", "b", "w", out="c"),
            N("MatMul", "c", "m"),
        ],
        (1, 8),
        {"s": ints(-1, 2, 2, 2), "w": ints(-1, 2, 2), "m": floats(2, 3)},
    ),
    "shape asked for": (
        [
            N("Shape", "x", out="s"),
            N("Gather", "s", "first", out="n"),
            N("Concat", "n", "rest", out="to", axis=0),
            N("Reshape", "x", "to"),
        ],
        (1, 4, 3),
        {"first": ints(0), "rest": ints(-1)},
    ),
    "flatten": ([N("Flatten", "x")], (1, 4, 3)),
    "unsqueeze": ([N("Unsqueeze", "x", "a")], (1, 3), {"a": ints(0)}),
    "squeeze": ([N("Squeeze", "x", "a")], (1, 3, 1), {"a": ints(2)}),
    "slice": ([N("Slice", "x", "b", "e", "a")], (1, 6), {"b": ints(1), "e": ints(3), "a": ints(1)}),
    "split": ([N("Split", "x", outputs=["l", "r"], axis=1)], (1, 6), {}, {"output": "r"}),
    "pad": ([N("Pad", "x", "p")], (1, 3), {"p": ints(0, 1, 0, 1)}),
    "tile": ([N("Tile", "x", "r")], (1, 3), {"r": ints(1, 2)}),
    "windows under an axis of their own": (
        [
            N("Reshape", "x", "s", out="rows"),
            N("Unsqueeze", "rows", "a", out="one"),
            N("Reshape", "one", "same", out="y"),
        ],
        (1, 4, 3),
        {"s": ints(-1, 3), "a": ints(0), "same": ints(1, 0, 3)},
    ),
    "gather": ([N("Gather", "x", "i", axis=1)], (1, 3, 2), {"i": ints(0, 2)}),
    "gather one before the batch": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Gather", "t", "i", axis=0)],
        (1, 3, 2),
        {"i": ints(1)[0]},
    ),
    "table": (
        [N("Cast", "x", out="i", to=7), N("Gather", "table", "i")], (1, 3), {"table": floats(9, 2)},
    ),
    "elements": (
        [N("ArgMax", "x", out="i", axis=1), N("GatherElements", "x", "i", axis=1)], (1, 3)
    ),
    "elements of the same picture": (
        [N("ArgMax", "x", out="i", axis=1), N("GatherND", "x", "i", batch_dims=1)], (1, 3)
    ),
    "places that are counted on": (
        [
            N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"),
            N("Range", "zero", "n", "one", out="p"), N("Unsqueeze", "p", "far", out="column"),
            N("Mul", "column", "twelve", out="on"), N("Add", "on", "q", out="i"),
            N("Reshape", "x", "back", out="all"), N("Gather", "all", "i"),
        ],
        (1, 3, 4),
        {"zero": ints(0)[0], "one": ints(1)[0], "far": ints(1, 2), "twelve": ints(12), "q": ints(0, 7, 2),
         "back": ints(-1)},
    ),
    "parts beside the pictures": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("GatherND", "t", "i")], (2, 3, 4),
        {"i": ints(2, 0)[:, None]},
    ),
    "parts beside the pictures, some going together": (
        [N("Transpose", "x", out="t", perm=[1, 2, 0]), N("GatherND", "t", "i", batch_dims=1)], (2, 3, 4),
        {"i": ints(2, 0, 1, 1, 3, 0).reshape(3, 2, 1)},
    ),
    "a table by places": (
        [N("ArgMax", "x", out="i", axis=1), N("Unsqueeze", "i", "end", out="at"),
         N("GatherND", "table", "at")],
        (1, 3), {"end": ints(-1), "table": floats(3, 2)},
    ),
    "written beside the pictures": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Slice", "t", "zero", "two", out="first"),
         N("ScatterND", "t", "i", "first")],
        (2, 3, 4), {"i": ints(2, 0)[:, None], "zero": ints(0), "two": ints(2)},
    ),
    "one hot": (
        [N("ArgMax", "x", out="i", axis=1), N("OneHot", "i", "d", "v")],
        (1, 3),
        {"d": ints(4), "v": np.array([0, 1], np.float32)},
    ),
    "concat": ([N("Concat", "x", "x", axis=-1)], (1, 3)),
    "expand": ([N("Expand", "x", "s")], (1, 1, 3), {"s": ints(1, 4, 3)}),
    "class token": (
        [
            N("Shape", "x", out="s"),
            N("Gather", "s", "first", out="n"),
            N("Concat", "n", "rest", out="to", axis=0),
            N("Expand", "token", "to", out="tokens"),
            N("Concat", "tokens", "x", axis=1),
        ],
        (1, 4, 300),
        {"first": ints(0), "rest": ints(1, 300), "token": floats(1, 1, 300)},
    ),
    "class token by tile": (
        [
            N("Shape", "x", out="s"),
            N("Gather", "s", "first", out="n"),
            N("Concat", "n", "rest", out="to", axis=0),
            N("Tile", "token", "to", out="tokens"),
            N("Concat", "tokens", "x", axis=1),
        ],
        (1, 4, 300),
        {"first": ints(0), "rest": ints(1, 1), "token": floats(1, 1, 300)},
    ),
    "zeros": (
        [
            N("Shape", "x", out="s"),
            N("ConstantOfShape", "s", out="zeros"),
            N("Concat", "zeros", "x", axis=1),
        ],
        (1, 30000),
    ),
    "resize": ([N("Resize", "x", "", "f")], (1, 1, 2, 2), {"f": np.array([1, 1, 2, 2], np.float32)}),
    "lstm": (
        [N("LSTM", "t", "w", "r", "b", outputs=["y", "h"], hidden_size=2)], (1, 4, 3), LSTM,
        {"output": "y"},
    ),
    "last state": (
        [N("LSTM", "t", "w", "r", "b", outputs=["y", "h"], hidden_size=2)], (1, 4, 3), LSTM,
        {"output": "h"},
    ),
    "microsoft": ([N("Gelu", "x", domain=MS)], (1, 3)),
    "quantised sum": (
        quantised("QLinearAdd", "q", "s", "z", "w", "s", "z", "s", "z"), (1, 3, 2), QUANTISED
    ),
    "quantised sum of two": (
        quantised("QLinearMul", "q", "s", "z", "q", "s", "z", "s", "z"), (1, 3, 2), QUANTISED
    ),
    "quantised joined": (
        quantised("QLinearConcat", "s", "z", "q", "s", "z", "q", "s", "z", axis=2), (1, 3, 2), QUANTISED
    ),
    "quantised gemm": (
        quantised("QGemm", "q", "s", "z", "w", "s", "z", "", "s", "z"), (1, 3), QUANTISED
    ),
    "quantised softmax": (
        quantised("QLinearSoftmax", "q", "s", "z", "s", "z", axis=1, opset=13), (1, 3, 2), QUANTISED
    ),
    "quantised activation": (
        quantised("QLinearSigmoid", "q", "s", "z", "s", "z"), (1, 3, 2), QUANTISED
    ),
    "turned product": (
        [N("FusedMatMul", "x", "w", domain=MS, transA=1, transB=1)], (1, 3, 4), {"w": floats(2, 3)}
    ),
    "pictures turned to rows": (
        [N("Transpose", "x", out="t"), N("FusedMatMul", "t", "w", domain=MS, transA=1)], (1, 3),
        {"w": floats(3, 2)},
    ),
    "normalised sum": (
        [N("SkipLayerNormalization", "x", "x", "g", domain=MS)], (1, 4, 3), {"g": floats(3)}
    ),
    "attention of one": (
        [N("Attention", "x", "w", "b", domain=MS, num_heads=2)], (1, 4, 6),
        {"w": floats(6, 18), "b": floats(18)},
    ),
    "attention with positions": (
        [N("MultiHeadAttention", "x", "x", "x", "", "", "p", domain=MS, num_heads=2)], (1, 4, 6),
        {"p": floats(1, 2, 4, 4)},
    ),
    "standard attention": (
        [N("Attention", "x", "x", "x", "p", q_num_heads=2, kv_num_heads=2)], (1, 4, 6),
        {"p": floats(4, 4)}, {"opset": 23},
    ),
}  # fmt: skip


def build(nodes, shape, constants=None, options=None):
    if nodes[0].op_type == "LSTM":
        nodes = [N("Transpose", "x", out="t", perm=[1, 0, 2]), *nodes]
    built = model(nodes, shape, constants, **(options or {}))
    return measured(built) if any(n.domain for n in nodes) else built


@pytest.mark.parametrize("name", KEPT)
def test_pictures_stay_apart(name):
    assert together_is_alone(build(*KEPT[name])).baked == ()


WOVEN = [
    N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Reshape", "t", "rows", out="flat"),
    N("MatMul", "flat", "w"), N("Reshape", "matmul", "back"),
]  # fmt: skip
"""Tokens before pictures, both in one axis for a while."""
STRIDES = ints(0, 4, 8, 1, 5, 9, 1, 5, 9).reshape(3, 3)
"""Places in 12 numbers of a picture, as windows that overlap."""
MENDED = {
    "reshape": (
        [N("Reshape", "x", "s")], (1, 4, 3), {"s": ints(1, 12)},
        "Reshape 'reshape' writes batch 1 into its shape [1, 12]", "shape [0, 12]",
    ),
    "reshape with a rest": (
        [N("Reshape", "x", "s")], (1, 4, 3), {"s": ints(1, -1)},
        "Reshape 'reshape' writes batch 1 into its shape [1, -1]", "shape [0, -1]",
    ),
    "reshape of several": (
        [N("Reshape", "x", "s")], (4, 4, 3), {"s": ints(4, 12)},
        "Reshape 'reshape' writes batch 4 into its shape [4, 12]", "shape [0, 12]",
    ),
    "heads": (
        [
            N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Reshape", "t", "s", out="h"),
            N("Transpose", "h", out="u", perm=[1, 0, 2]), N("Softmax", "u"),
        ],
        (1, 4, 6), {"s": ints(4, 2, 3)},
        "Reshape 'h' writes batch 1 into its shape [4, 2, 3]", "shape [4, -1, 3]",
    ),
    "one picture more than it is long": (
        [N("Reshape", "x", "s")], (1, 4, 3), {"s": ints(4, 3)},
        "Reshape 'reshape' writes batch 1 into its shape [4, 3]", "shape [-1, 3]",
    ),
    "rest elsewhere": (
        [N("Reshape", "x", "s")], (1, 4, 3), {"s": ints(4, -1)},
        "Reshape 'reshape' writes batch 1 into its shape [4, -1]", "shape [-1, 3]",
    ),
    "zero means zero": (
        [N("Reshape", "x", "s", allowzero=1)], (1, 4, 3), {"s": ints(1, 12)},
        "Reshape 'reshape' writes batch 1 into its shape [1, 12]", "shape [-1, 12]",
    ),
    "computed shape": (
        [N("Concat", "n", "rest", out="to", axis=0), N("Reshape", "x", "to")],
        (1, 4, 3), {"n": ints(1), "rest": ints(12)},
        "Reshape 'reshape' is given a shape with batch 1 in it, [1, 12]", "shape [-1, 12]",
    ),
    "flatten": (
        [N("Flatten", "x", axis=0), N("MatMul", "flatten", "w")], (1, 4), {"w": floats(4, 2)},
        "Flatten 'flatten' makes one row of all 1 pictures", "axis 1",
    ),
    "squeeze": (
        [N("Squeeze", "x")], (2, 3, 1), {},
        "Squeeze 'squeeze' drops the batch too where it is 1", "axes [2]",
    ),
    "end of a slice": (
        [N("Slice", "x", "b", "e", "a")], (1, 6),
        {"b": ints(0, 1), "e": ints(1, 3), "a": ints(0, 1)},
        "Slice 'slice' ends axis 0 at 1, the size of batch 1", "to the end",
    ),
    "expand": (
        [N("Expand", "x", "s")], (2, 1, 3), {"s": ints(2, 4, 3)},
        "Expand 'expand' writes batch 2 into its shape [2, 4, 3]", "shape [1, 4, 3]",
    ),
    "sizes": (
        [N("Resize", "x", "", "", "s")], (1, 1, 2, 2), {"s": ints(1, 1, 4, 4)},
        "Resize 'resize' writes batch 1 into its sizes [1, 1, 4, 4]", "sizes [batch, 1, 4, 4]",
    ),
    "token for one": (
        [N("Concat", "token", "x", axis=1)], (1, 4, 3), {"token": floats(1, 1, 3)},
        "Concat 'concat' reads 'token' [1, 1, 3], which is for one picture",
        "repeated for each picture",
    ),
    "positions of one": (
        [N("Reshape", "x", "s", out="rows"), N("Add", "rows", "p")], (1, 4, 3),
        {"s": ints(-1, 3), "p": floats(4, 3)},
        "Add 'add' reads 'p' [4, 3], which is for one picture", "repeated for each picture",
    ),
    "quantised token": (
        quantised("QLinearConcat", "s", "z", "one", "s", "z", "q", "s", "z", axis=1), (1, 2, 3),
        QUANTISED, "com.microsoft::QLinearConcat 'qlinearconcat' reads 'one' [1, 2, 3], which is for one picture",
        "repeated for each picture",
    ),
    "stacked matrices": (
        [N("Reshape", "x", "s", out="rows"), N("MatMul", "rows", "m")], (1, 4, 3, 2),
        {"s": ints(-1, 3, 2), "m": floats(4, 2, 5)},
        "MatMul 'matmul' reads 'm' [4, 2, 5], which is for one picture",
        "repeated for each picture",
    ),
    "third of a gemm": (
        [N("Reshape", "x", "s", out="rows"), N("Gemm", "rows", "w", "c")], (1, 4, 3),
        {"s": ints(-1, 3), "w": floats(3, 2), "c": floats(4, 2)},
        "Gemm 'gemm' reads 'c' [4, 2], which is for one picture", "repeated for each picture",
    ),
    "tokens first, of one": (
        WOVEN, (1, 3, 4), {"rows": ints(3, 4), "w": floats(4, 6), "back": ints(3, -1, 6)},
        "Reshape 'flat' writes batch 1 into its shape [3, 4]", "shape [-1, 4]",
    ),
    "tokens first, of several": (
        WOVEN, (2, 3, 4), {"rows": ints(6, 4), "w": floats(4, 6), "back": ints(3, -1, 6)},
        "Reshape 'flat' writes batch 2 into its shape [6, 4]", "shape [-1, 4]",
    ),
    "tokens first, and a heap that is cut again": (
        [*WOVEN[:2], N("Reshape", "flat", "cut", out="parts"), N("Relu", "parts"),
         N("Reshape", "relu", "back")],
        (2, 3, 4), {"rows": ints(-1, 4), "cut": ints(12, 2), "back": ints(3, -1, 4)},
        "Reshape 'parts' writes batch 2 into its shape [12, 2]", "shape [-1, 2]",
    ),
    "strides of one": (
        [N("Reshape", "x", "flat", out="all"), N("Gather", "all", "i"), N("MatMul", "gather", "w")],
        (1, 3, 4), {"flat": ints(-1), "i": STRIDES[None], "w": floats(3, 2)},
        "Gather 'gather' reads places 'i' in the rows of 1 picture", "those of each picture",
    ),
    "strides of several": (
        [N("Reshape", "x", "flat", out="all"), N("Gather", "all", "i"), N("MatMul", "gather", "w")],
        (2, 3, 4), {"flat": ints(-1), "i": np.stack([STRIDES, STRIDES + 12]), "w": floats(3, 2)},
        "Gather 'gather' reads places 'i' in the rows of 2 pictures", "those of each picture",
    ),
    "strides of several, second": (
        [N("Reshape", "x", "flat", out="all"), N("Gather", "all", "i")],
        (2, 3, 4), {"flat": ints(-1), "i": np.stack([STRIDES, STRIDES + 12], 1).astype(np.int32)},
        "Gather 'gather' reads places 'i' in the rows of 2 pictures", "those of each picture",
    ),
    "strides from the end": (
        [N("Reshape", "x", "flat", out="all"), N("Gather", "all", "i")],
        (2, 3, 4), {"flat": ints(-1), "i": np.stack([STRIDES - 24, STRIDES + 12])},
        "Gather 'gather' reads places 'i' in the rows of 2 pictures", "those of each picture",
    ),
    "a mask for all by places that are counted on": (
        [
            N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"),
            N("Range", "zero", "n", "one", out="p"), N("Unsqueeze", "p", "axis", out="column"),
            N("Mul", "column", "three", out="on"), N("Add", "on", "q", out="i"),
            N("Gather", "mask", "i"),
        ],
        (2, 4),
        {"zero": ints(0)[0], "one": ints(1)[0], "axis": ints(1), "three": ints(3), "q": ints(0, 2),
         "mask": np.tile(floats(3), 2)},
        "Gather 'gather' reads 'mask' [6], the same for each of 2 pictures", "repeated for each picture",
    ),
    "a token by its place among all": (
        [
            N("ReduceMax", "x", out="m", axes=[2], keepdims=0), N("ArgMax", "m", out="a", axis=1, keepdims=0),
            N("Sub", "a", "three", out="i"), N("Reshape", "x", "rows", out="all"), N("Gather", "all", "i"),
        ],
        (1, 3, 4), {"rows": ints(-1, 4), "three": ints(3)},
        "Gather 'gather' looks up rows of 1 picture by 'i'", "those of each picture",
    ),
    "a token by picture and place": (
        [
            N("ReduceMax", "x", out="m", axes=[2], keepdims=0), N("ArgMax", "m", out="a", axis=1),
            N("Mul", "a", "second", out="b"), N("Sub", "b", "three", out="i"), N("GatherND", "x", "i"),
        ],
        (1, 3, 4), {"second": ints(0, 1)[None], "three": ints(0, 3)[None]},
        "GatherND 'gathernd' looks up rows of 1 picture by 'i'", "those of each picture",
    ),
    "places behind those that go together": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("GatherND", "t", "i", batch_dims=1)],
        (1, 3, 4), {"i": np.zeros((3, 1, 1), np.int64)},
        "GatherND 'gathernd' reads places 'i' in the rows of 1 picture", "those of each picture",
    ),
    "a map for all that is sampled": (
        [N("GridSample", "x", "g")], (1, 1, 3, 3), {"g": floats(1, 2, 2, 2)},
        "GridSample 'gridsample' reads 'g' [1, 2, 2, 2], which is for one picture",
        "repeated for each picture",
    ),
    "einsum of one": (
        [N("Einsum", "x", "w", equation="bqc,bcd->bqd")], (1, 4, 3), {"w": floats(1, 3, 2)},
        "Einsum 'einsum' reads 'w' [1, 3, 2], which is for one picture", "repeated for each picture",
    ),
    "einsum of one that is wider": (
        [N("Einsum", "x", "w", equation="...id,...jd->...ij")], (1, 4, 3), {"w": floats(1, 5, 3)},
        "Einsum 'einsum' reads 'w' [1, 5, 3], which is for one picture", "repeated for each picture",
    ),
    "positions of one, cut for each": (
        [
            N("Shape", "x", out="s"), N("Gather", "s", "first", out="n"),
            N("Concat", "n", "rest", out="to", axis=0), N("Reshape", "p", "to", out="each"),
            N("MatMul", "x", "each"),
        ],
        (2, 4, 3), {"first": ints(0), "rest": ints(3, 400), "p": np.tile(floats(1, 1200), (2, 1))},
        "Reshape 'each' reads 'p' [2, 1200], the same for each of 2 pictures", "repeated for each picture",
    ),
    "not a number, twice": (
        [N("Max", "x", "n")], (2, 3), {"n": np.full((2, 3), np.nan, np.float32)},
        "Max 'max' reads 'n' [2, 3], the same for each of 2 pictures", "repeated for each picture",
    ),
    "nothing, twice": (
        [N("Concat", "x", "none", axis=1)], (2, 3), {"none": floats(2, 0)},
        "Concat 'concat' reads 'none' [2, 0], the same for each of 2 pictures", "repeated for each picture",
    ),
    "a mask by places": (
        [N("GatherND", "x", "i")], (2, 3, 4),
        {"i": np.array([[[p, 0, 3], [p, 2, 1]] for p in range(2)])},
        "GatherND 'gathernd' reads places 'i' in the rows of 2 pictures", "those of each picture",
    ),
    "places that go together": (
        [N("GatherND", "x", "i", batch_dims=1)], (2, 3, 4), {"i": np.array([[[0], [2]]] * 2)},
        "GatherND 'gathernd' reads 'i' [2, 2, 1], the same for each of 2 pictures",
        "repeated for each picture",
    ),
    "written by places": (
        [N("ReduceMax", "x", out="top", axes=[2], keepdims=0), N("ScatterND", "x", "i", "top")],
        (2, 3, 4), {"i": np.array([[[p, r, 1] for r in range(3)] for p in range(2)])},
        "ScatterND 'scatternd' reads places 'i' in the rows of 2 pictures", "those of each picture",
    ),
    "written into zeros": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("ScatterND", "zeros", "i", "t")],
        (2, 3, 4), {"zeros": np.zeros((5, 2, 4), np.float32), "i": ints(4, 0, 2)[:, None]},
        "ScatterND 'scatternd' reads 'zeros' [5, 2, 4], the same for each of 2 pictures",
        "repeated for each picture",
    ),
    "one of all": (
        [N("ArgMax", "x", out="i", axis=1), N("ReduceMax", "x", out="top", axes=[1]),
         N("ScatterElements", "zeros", "i", "top", axis=1)],
        (2, 3, 4), {"zeros": np.zeros((2, 3, 4), np.float32)},
        "ScatterElements 'scatterelements' reads 'zeros' [2, 3, 4], the same for each of 2 pictures",
        "repeated for each picture",
    ),
    "elements by a list": (
        [N("GatherElements", "x", "i", axis=1)], (2, 3), {"i": ints(2, 0, 2, 0).reshape(2, 2)},
        "GatherElements 'gatherelements' reads 'i' [2, 2], the same for each of 2 pictures",
        "repeated for each picture",
    ),
    "what is computed the same for each": (
        [N("GatherElements", "kinds", "at", out="kind", axis=1), N("Gather", "table", "kind", out="t"),
         N("Add", "x", "t")],
        (2, 3, 4),
        {"kinds": np.arange(1200).reshape(2, 600) % 2, "at": ints(5, 70, 500) + np.zeros((2, 1), int),
         "table": floats(2, 4)},
        "Add 'add' reads 't' [2, 3, 4], the same for each of 2 pictures", "repeated for each picture",
    ),
    "expand to what is computed": (
        [N("Concat", "n", "rest", out="to", axis=0), N("Expand", "x", "to")],
        (2, 1, 3), {"n": ints(2), "rest": ints(4, 3)},
        "Expand 'expand' is given a shape with batch 2 in it, [2, 4, 3]", "shape [1, 4, 3]",
    ),
    "first state": (
        [N("LSTM", "t", "w", "r", "b", "", "h0", outputs=["y"], hidden_size=2)], (1, 4, 3),
        {**LSTM, "h0": floats(1, 1, 2)},
        "LSTM 'lstm' reads 'h0' [1, 1, 2], which is for one picture", "repeated for each picture",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MENDED)
def test_what_counts_on_one_batch_is_named_and_mended(name):
    nodes, shape, constants, said, becomes = MENDED[name]
    (place,) = together_is_alone(build(nodes, shape, constants)).baked
    assert (str(place), place.becomes) == (said, becomes)


def body(op):
    out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
    return helper.make_graph([helper.make_node(op, ["x"], ["z"])], op, [], out)


TRAINING = {"a": floats(3), "v": np.ones(3, np.float32)}
REFUSED = {
    "mean over pictures": (
        [N("ReduceMean", "x", axes=[0])], (1, 3), {}, "ReduceMean 'reducemean' reduces axis 0, where"
    ),
    "mean of all": ([N("ReduceMean", "x")], (1, 3), {}, "reduces axis 0, where the pictures of a"),
    "softmax over pictures": ([N("Softmax", "x", axis=0)], (1, 3), {}, "is taken over axis 0"),
    "old softmax over all": (
        [N("Softmax", "x", axis=0)], (1, 3), {}, "is taken over axis 0", {"opset": 11}
    ),
    "old softmax over all that follows": (
        [N("Transpose", "x", out="t"), N("Softmax", "t", axis=0)], (1, 3), {},
        "is taken over axis 1", {"opset": 11},
    ),
    "training before it could be said": (
        [N("BatchNormalization", "x", "a", "a", "a", "v")], (1, 3, 4), TRAINING,
        "is in training mode", {"opset": 6},
    ),
    "dropout before it could be said": (
        [N("Dropout", "x")], (1, 3), {}, "is in training mode", {"opset": 6}
    ),
    "layer norm over all": (
        [N("LayerNormalization", "x", "s", axis=0)], (1, 3), {"s": floats(1, 3)},
        "normalises over axis 0",
    ),
    "top pictures": (
        [N("TopK", "x", "k", outputs=["top", "places"], axis=0)], (1, 3), {"k": ints(1)},
        "works along axis 0", {"output": "top"},
    ),
    "sum of pictures": ([N("CumSum", "x", "a")], (1, 3), {"a": ints(0)[0]}, "sums up along axis 0"),
    "mean and variance of the batch": (
        [N("MeanVarianceNormalization", "x")], (1, 2, 3, 3), {}, "takes mean and variance over axis 0"
    ),
    "training": (
        [N("BatchNormalization", "x", "a", "a", "a", "v", outputs=["y", "m", "w"], training_mode=1)],
        (1, 3, 4), TRAINING,
        "BatchNormalization 'batchnormalization' is in training mode: it takes mean and variance over",
        {"output": "y"},
    ),
    "dropout": (
        [N("Dropout", "x", "r", "t")], (1, 3), {"r": np.float32(0.5), "t": np.bool_(1)},
        "is in training mode: it drops elements at random",
    ),
    "largest picture": ([N("ArgMax", "x", axis=0)], (1, 3), {}, "compares along axis 0"),
    "triangle": (
        [N("Transpose", "x", out="t", perm=[1, 2, 0]), N("Trilu", "t")], (3, 3, 3), {},
        "cuts a triangle along axis 2",
    ),
    "a scale a picture": (
        [N("QuantizeLinear", "x", "s", axis=0)], (2, 3), {"s": floats(2)},
        "has its own scale along axis 0",
    ),
    "dynamic scale": (
        [N("DynamicQuantizeLinear", "x", outputs=["q", "s", "z"])], (1, 3), {},
        "takes its scale from all pictures", {"output": "q"},
    ),
    "summed over": (
        [N("Transpose", "x", out="t"), N("MatMul", "t", "x")], (2, 3), {},
        "MatMul 'matmul' multiplies and sums over the axis where the pictures of a batch lie",
    ),
    "summed over with weights": (
        [N("Transpose", "x", out="t"), N("MatMul", "t", "w")], (2, 3), {"w": floats(2, 4)},
        "multiplies and sums over",
    ),
    "weights summed over": (
        [N("MatMul", "w", "x")], (2, 3), {"w": floats(4, 2)}, "multiplies and sums over"
    ),
    "every pair": (
        [N("Transpose", "x", out="t"), N("MatMul", "x", "t")], (2, 3), {},
        "brings tensors together whose pictures lie along different axes",
    ),
    "vector of pictures": (
        [N("Squeeze", "x", "a", out="v"), N("MatMul", "w", "v")], (2, 1),
        {"a": ints(1), "w": floats(3, 2)}, "multiplies and sums over",
    ),
    "gemm over pictures": (
        [N("Gemm", "x", "w", transA=1)], (2, 3), {"w": floats(2, 2)}, "multiplies and sums over"
    ),
    "pictures as weights": (
        [N("Gemm", "w", "x")], (3, 2), {"w": floats(4, 3)},
        "has the pictures of a batch in its second factor",
    ),
    "einsum over pictures": (
        [N("Einsum", "x", "x", equation="ni,nj->ij")], (2, 3), {}, "multiplies and sums over"
    ),
    "every pair by einsum": (
        [N("Einsum", "x", "x", equation="ni,mi->nm")], (2, 3), {}, "multiplies and sums over"
    ),
    "einsum of a constant": (
        [N("Einsum", "x", "w", equation="ni,ni->n")], (2, 3), {"w": floats(2, 3)},
        "reads 'w', which has 2 rows where the pictures lie",
    ),
    "noise": (
        [N("RandomNormal", out="n", shape=[1, 3]), N("Add", "x", "n")], (1, 3), {},
        "RandomNormal 'n' draws random numbers",
    ),
    "noise as large as the picture": (
        [N("RandomUniformLike", "x", out="n"), N("Add", "x", "n")], (1, 3), {},
        "RandomUniformLike 'n' draws random numbers",
    ),
    "an axis that is no number": (
        [N("Softmax", "x", axis="last")], (2, 3), {},
        "Softmax 'softmax' has other attributes or inputs than its operator",
    ),
    "an input that is not there": (
        [N("Gather", "x")], (2, 3), {}, "Gather 'gather' has other attributes or inputs than its operator"
    ),
    "open einsum": (
        [N("Einsum", "x", equation="ij")], (2, 3), {}, "leaves the axes of the result open"
    ),
    "rows mixed": (
        [N("Reshape", "x", "s")], (2, 3, 2), {"s": ints(3, 4)},
        r"Reshape 'reshape' cuts \[2, 3, 2\] into \[3, 4\], which mixes rows of different pictures",
    ),
    "windows in one row": (
        [N("Reshape", "x", "s", out="r"), N("Flatten", "r", axis=0)], (1, 2), {"s": ints(-1)},
        r"Flatten 'flatten' makes \[1, 2\] of \[2\], which mixes rows of different pictures",
    ),
    "rows mixed by flatten": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Flatten", "t", axis=2)], (2, 3, 2), {},
        "the output 'flatten' has pictures that Flatten 'flatten' weaves into each other",
    ),
    "woven pictures in one softmax": (
        [*WOVEN[:2], N("Softmax", "flat", axis=0)], (2, 3, 4), {"rows": ints(6, 4)},
        "Softmax 'softmax' is taken over axis 0, where the pictures of a batch lie",
    ),
    "woven pictures beside others": (
        [N("Reshape", "x", "rows", out="apart"), *WOVEN[:2], N("Add", "flat", "apart")],
        (2, 3, 4), {"rows": ints(6, 4)},
        "Add 'add' needs pictures apart that Reshape 'flat' weaves into each other",
    ),
    "woven pictures looked up": (
        [*WOVEN[:2], N("Gather", "flat", "i")], (2, 3, 4), {"rows": ints(6, 4), "i": ints(0, 2)},
        "Gather 'gather' needs pictures apart that Reshape 'flat' weaves into each other",
    ),
    "a row for one beside woven pictures": (
        [*WOVEN[:2], N("Add", "flat", "c")], (1, 3, "w"), {"rows": ints(3, 64), "c": floats(3, 1)},
        "Add 'add' reads what is for one picture beside what Reshape 'flat' weaves into each other",
    ),
    "batch dropped": ([N("Squeeze", "x")], (1, 3), {}, "drops axis 0, the batch, because it holds 1"),
    "first picture": (
        [N("Gather", "x", "i")], (1, 3), {"i": ints(0)[0]}, "Gather 'gather' picks from axis 0"
    ),
    "all but the first": (
        [N("Slice", "x", "b", "e", "a")], (2, 3), {"b": ints(1), "e": ints(9), "a": ints(0)},
        "takes a part of axis 0",
    ),
    "backwards": (
        [N("Slice", "x", "b", "e", "a", "s")], (2, 3),
        {"b": ints(-1), "e": ints(-9), "a": ints(0), "s": ints(-1)}, "takes a part of axis 0",
    ),
    "every other picture": (
        [N("Slice", "x", "b", "e", "a", "s")], (2, 3),
        {"b": ints(0), "e": ints(9), "a": ints(0), "s": ints(2)}, "takes a part of axis 0",
    ),
    "split": (
        [N("Split", "x", outputs=["l", "r"])], (2, 3), {}, "splits axis 0", {"output": "r"}
    ),
    "a picture of zeros": ([N("Pad", "x", "p")], (1, 3), {"p": ints(1, 0, 0, 0)}, "pads axis 0"),
    "a picture of zeros behind": (
        [N("Pad", "x", "p")], (1, 3), {"p": ints(0, 0, 1, 0)}, "pads axis 0"
    ),
    "tile": ([N("Tile", "x", "r")], (1, 3), {"r": ints(2, 1)}, "repeats along the axis where"),
    "one picture as three": (
        [N("Expand", "x", "s")], (1, 2), {"s": ints(3, 2)}, "repeats along the axis where the pictures"
    ),
    "once for each picture": (
        [N("Shape", "x", out="s"), N("Gather", "s", "first", out="n"),
         N("Concat", "one", "n", "three", out="to", axis=0), N("Expand", "x", "to")],
        (1, 1, 3), {"first": ints(0), "one": ints(1), "three": ints(3)},
        "repeats once for each picture along another axis than theirs",
    ),
    "joined": (
        [N("Concat", "x", "x", axis=0)], (1, 3), {},
        "the output 'concat' has pictures that Concat 'concat' weaves into each other",
    ),
    "joined to more rows of each": (
        [N("Reshape", "x", "rows", out="r"), N("Concat", "r", "x", axis=0)], (2, 6, 3),
        {"rows": ints(-1, 6, 1)}, "Concat 'concat' joins along axis 0, where the pictures of a batch lie",
    ),
    "a constant picture": (
        [N("Add", "x", "c")], (2, 3), {"c": floats(2, 3)},
        "reads 'c', which has 2 rows where the pictures lie",
    ),
    "more pictures": (
        [N("Add", "x", "c")], (1, 3), {"c": floats(4, 3)}, "reads 'c', which has 4 rows where"
    ),
    "scaled": (
        [N("Resize", "x", "", "f")], (1, 1, 2, 2), {"f": np.array([2, 1, 1, 1], np.float32)},
        "scales axis 0",
    ),
    "channels": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2, 3]), N("GlobalAveragePool", "t")],
        (2, 3, 2, 2), {}, "works on axis 1 as channels or space, but the pictures lie there",
    ),
    "weights by picture": (
        [N("Conv", "c", "x")], (2, 3, 2, 2), {"c": floats(1, 3, 4, 4)},
        "computes with how many pictures|reads 'x', which differs between pictures",
    ),
    "places in the batch": (
        [N("MaxPool", "x", outputs=["y", "i"], kernel_shape=[2]), N("Cast", "i", to=1)],
        (1, 3, 4), {}, "MaxPool returns places that count through the whole batch",
    ),
    "share of the batch": (
        [N("Shape", "x", out="s"), N("Cast", "s", out="f", to=1), N("Gather", "f", "i", out="n"),
         N("Div", "x", "n")],
        (1, 3), {"i": ints(0)[0]}, "computes with how many pictures there are",
    ),
    "place among them": (
        [N("Shape", "x", out="s"), N("Gather", "s", "i", out="n"), N("Range", "i", "n", "one", out="r"),
         N("Unsqueeze", "r", "axis", out="c"), N("Cast", "c", out="p", to=1), N("Add", "x", "p")],
        (1, 3), {"i": ints(0)[0], "one": ints(1)[0], "axis": ints(1)},
        "computes with how many pictures there are, or with the place of each",
    ),
    "boxes": (
        [N("Unsqueeze", "x", "a", out="s"), N("NonMaxSuppression", "b", "s")], (1, 3),
        {"a": ints(1), "b": floats(1, 3, 4)}, "returns the boxes of all pictures in one list",
    ),
    "one way for all": (
        [N("ReduceMax", "x", out="m", keepdims=0, axes=[1]), N("Cast", "m", out="f", to=9),
         N("If", "f", then_branch=body("Neg"), else_branch=body("Abs"))],
        (1, 3), {}, "takes one way for all pictures",
    ),
    "sequence of pictures": (
        [N("LSTM", "x", "w", "r", "b", outputs=["y"], hidden_size=2)], (1, 4, 3),
        LSTM, "works on the axis of the pictures as a sequence",
    ),
    "states along another axis": (
        [N("LSTM", "t", "w", "r", "b", "", "h0", outputs=["y"], hidden_size=2)], (1, 1, 2),
        {"w": floats(1, 8, 2), "r": floats(1, 8, 2), "b": floats(1, 16)},
        "has states whose pictures lie along another axis",
    ),
    "scaled by the pictures": (
        [N("ReduceMax", "x", out="m", axes=[1], keepdims=0), *quantised("QLinearSigmoid", "q", "m", "z", "s", "z")],
        (1, 3), QUANTISED, "is scaled by 'm', one for each picture",
    ),
    "quantised over pictures": (
        quantised("QLinearSoftmax", "q", "s", "z", "s", "z", axis=0, opset=13), (1, 3), QUANTISED,
        "is taken over axis 0",
    ),
    "normalised over pictures": (
        [N("Transpose", "x", out="t"), N("SkipLayerNormalization", "t", "t", "g", domain=MS)],
        (1, 3), {"g": floats(1)}, "normalises over axis 1",
    ),
    "states of all": (
        [N("Attention", "x", "w", "b", domain=MS, num_heads=2, outputs=["y", "states"])],
        (1, 4, 6), {"w": floats(6, 18), "b": floats(18)}, "returns keys and values of all pictures stacked",
    ),
    "positions of several": (
        [N("MultiHeadAttention", "x", "x", "x", "", "", "p", domain=MS, num_heads=2)], (2, 4, 6),
        {"p": floats(2, 2, 4, 4)}, "reads 'p', which has 2 rows where the pictures lie",
    ),
    "stacks turned": (
        [N("FusedMatMul", "x", "w", domain=MS, transBatchA=1)], (1, 3, 4), {"w": floats(3, 4, 2)},
        "turns its stacks of matrices around",
    ),
    "unknown operator": (
        [N("Inverse", "x", domain="com.microsoft")], (1, 3, 3), {},
        "com.microsoft::Inverse 'inverse' is an operator that there is no rule for",
    ),
    "across": (
        [N("ArgMax", "x", out="i", axis=1), N("GatherElements", "x", "i", axis=0)], (1, 3), {},
        "picks from axis 0",
    ),
    "looked up across": (
        [N("ArgMax", "x", out="i", axis=1), N("GatherND", "x", "i")], (2, 3), {},
        "looks up elements across pictures",
    ),
    "a token among an open number": (
        [N("ReduceMax", "x", out="m", axes=[2], keepdims=0), N("ArgMax", "m", out="i", axis=1, keepdims=0),
         N("Reshape", "x", "rows", out="all"), N("Gather", "all", "i")],
        (1, "tokens", 4), {"rows": ints(-1, 4)}, "looks up elements across pictures",
    ),
    "none of the pictures": ([N("Gather", "x", "i")], (2, 3), {"i": ints()}, "picks from axis 0"),
    "cut across what was before the pictures": (
        [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Reshape", "t", "s")], (1, 10, 4),
        {"s": ints(4, 10)}, "which mixes rows of different pictures",
    ),
    "one of several, cut for each": (
        [
            N("Shape", "x", out="s"), N("Gather", "s", "first", out="n"),
            N("Concat", "n", "rest", out="to", axis=0), N("Reshape", "p", "to", out="each"),
            N("MatMul", "x", "each"),
        ],
        (2, 4, 3), {"first": ints(0), "rest": ints(3, 400), "p": floats(2, 1200)},
        "Reshape 'each' computes with how many pictures there are",
    ),
    "woven in two ways": (
        [
            N("Reshape", "x", "pairs", out="a"), N("Transpose", "a", out="b", perm=[1, 0, 2, 3]),
            N("Reshape", "b", "rows", out="c"), N("Reshape", "x", "single", out="d"),
            N("Transpose", "d", out="e", perm=[1, 0, 2]), N("Reshape", "e", "rows", out="f"),
            N("Add", "c", "f"),
        ],
        (2, 24), {"pairs": ints(2, 3, 2, 4), "single": ints(2, 6, 4), "rows": ints(12, 4)},
        "Add 'add' needs pictures apart that Reshape 'c' weaves into each other",
    ),
    "rows of other pictures": (
        [N("Gather", "x", "i")], (2, 3), {"i": ints(1, 0)}, "picks from axis 0, where the pictures of"
    ),
    "one picture of two": ([N("Gather", "x", "i")], (2, 3), {"i": ints(0)}, "picks from axis 0"),
    "the only picture as none": (
        [N("Gather", "x", "i")], (1, 3), {"i": ints(0)[0]}, "picks from axis 0"
    ),
    "other rows of a table in each": (
        [N("Unsqueeze", "x", "axes", out="u"), N("Cast", "u", out="i", to=7),
         N("GatherND", "table", "i", batch_dims=1)],
        (3, 2), {"axes": ints(1), "table": floats(3, 4, 4)}, "looks up elements across pictures"
    ),
    "written along another axis": (
        [N("Transpose", "x", out="t"), N("ScatterND", "x", "i", "t")], (2, 2), {"i": np.array([[0], [1]])},
        "ScatterND 'scatternd' picks from axis 0, where the pictures of a batch lie",
    ),
    "other places in each": (
        [N("GatherND", "x", "i")], (2, 3), {"i": np.array([[[0, 1]], [[1, 2]]])}, "picks from axis 0"
    ),
    "written into another picture": (
        [N("ScatterND", "x", "i", "c")], (2, 3), {"i": np.array([[1], [0]]), "c": floats(2, 3)},
        "picks from axis 0",
    ),
    "other numbers into each": (
        [N("ScatterND", "x", "i", "c")], (2, 3), {"i": np.array([[0], [1]]), "c": floats(2, 3)},
        "reads 'c', which has 2 rows where the pictures lie",
    ),
    "all into one": (
        [N("ScatterND", "zeros", "i", "x")], (2, 3),
        {"zeros": floats(4, 3), "i": np.array([[0], [1]])},
        "writes what differs between pictures into one tensor for all",
    ),
    "written where the pictures say": (
        [N("ArgMax", "x", out="a", axis=1), N("Unsqueeze", "a", "end", out="i"),
         N("Transpose", "x", out="t"), N("ScatterND", "t", "i", "c")],
        (2, 2), {"end": ints(-1), "c": floats(2, 2)}, "writes at places that differ between pictures",
    ),
    "written across": (
        [N("ArgMax", "x", out="i", axis=1), N("ScatterElements", "x", "i", "c", axis=0)], (1, 3),
        {"c": floats(1, 1)}, "picks from axis 0",
    ),
    "a file too old for places": (
        [N("Gather", "x", "i")], (2, 3), {"i": ints(0, 1)}, "before opset 10 cannot count on",
        {"opset": 9},
    ),
    "pictures by pictures": (
        [N("ArgMax", "x", out="i", axis=1), N("Gather", "x", "i", axis=1)], (1, 3), {},
        "looks up pictures by pictures",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_node_that_mixes_pictures_is_named(name):
    nodes, shape, constants, said, *options = REFUSED[name]
    if name == "states along another axis":
        nodes = [N("Transpose", "x", out="t", perm=[1, 0, 2]), N("Identity", "x", out="h0"), *nodes]
    if nodes[0].op_type == "LSTM":
        old = model(nodes, shape, constants)
    else:
        old = build(nodes, shape, constants, *options)
    with pytest.raises(BatchError, match=said):
        dynamic(old)


def test_every_rule_is_registered():
    found = set()
    for file in pkgutil.iter_modules(onnxprobe.batch.rules.__path__):
        module = importlib.import_module(f"onnxprobe.batch.rules.{file.name}")
        found |= {id(thing) for thing in vars(module).values() if isinstance(thing, Rule)}
    assert found == {id(rule) for rule in RULES.values()}


def test_no_operator_has_two_rules():
    assert sum(len(rule.ops) for rule in RULES.values()) == len(BY_OP)


def test_every_rule_has_a_case():
    cases = [case[0] for case in (*KEPT.values(), *MENDED.values(), *REFUSED.values())]
    ops = {
        n.op_type if not n.domain else f"{n.domain}::{n.op_type}" for nodes in cases for n in nodes
    }
    assert [name for name, rule in RULES.items() if not rule.ops & ops] == []
