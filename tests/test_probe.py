import numpy as np
import pytest
from nested import in_branch, in_function
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.contract import compare, kept
from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.quantised import scale_of
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, attach, chosen, width
from onnxprobe.runtime import run
from onnxprobe.unfuse import write_unfused

TWICE = "will run twice, for the probes; to spare that, first run: onnxprobe repair MODEL --also"


def head(model, probes, name="domain"):
    widths = tuple(width(model, probe) for probe in probes)
    weight = np.random.default_rng(0).normal(size=(3, sum(widths))).astype(np.float32)
    zeros, half = np.zeros(3, np.float32), np.full(3, 0.5, np.float32)
    made = LinearHead(HEADS["detectors"], weight, zeros, half, ("a", "b", "c"), widths, name)
    return Part.linear(made, probes, like=model)


@pytest.mark.parametrize(
    ("model", "tensor"), [(in_function(), "gate__1"), (in_branch(), "gate")], ids=["call", "branch"]
)
def test_a_probe_inside_a_function_or_a_branch_is_fused_and_taken_out_again(
    tmp_path, model, tensor
):
    old = save(model, tmp_path / "old.onnx")
    probes = [Probe(tensor, "mean"), Probe(tensor, "std")]
    with pytest.warns(RuntimeWarning, match=f"^. nodes .*{TWICE}"):
        proof = write_fused(old, [head(model, probes)], tmp_path / "new.onnx")
    assert proof.kept
    fused = load(tmp_path / "new.onnx")
    assert kept(compare(model, fused))
    assert sum(n.op == "Conv" for n in fused.nodes) == 2  # both probes share one copy
    assert write_unfused(tmp_path / "new.onnx", tmp_path / "bare.onnx").original


def test_copies_go_with_the_last_probe_that_reads_them(tmp_path):
    model = in_branch()
    old = save(model, tmp_path / "old.onnx")
    parts = [head(model, [Probe(t, "mean")], f"of-{t}") for t in ("gate", "stem")]
    with pytest.warns(RuntimeWarning, match=TWICE):
        write_fused(old, parts, tmp_path / "new.onnx")
    write_unfused(tmp_path / "new.onnx", tmp_path / "rest.onnx", "of-gate")
    assert [n.op for n in load(tmp_path / "rest.onnx").nodes].count("Conv") == 1
    assert write_unfused(tmp_path / "rest.onnx", tmp_path / "bare.onnx").original


def test_a_probe_of_an_inner_tensor_is_chosen_by_its_shape():
    assert chosen(in_branch(), "gate", None) == Probe("gate", "mean")


CODES = np.array([[[[3, -2], [1, 0]]], [[[-1, 2], [0, 4]]]], np.int8).reshape(2, 1, 2, 2)


def quantised(*, axis=None, between=()):
    """Float in, whole numbers as a quantising exporter writes them, float out."""
    scale, zero = np.float32(0.07), np.uint8(120)
    if axis is not None:
        scale, zero = np.float32([0.05, 0.02]), np.uint8([128, 3])
    constants = {
        "s": np.asarray(scale),
        "z": np.asarray(zero),
        "w": CODES,
        "ws": np.float32(0.3),
        "wz": np.int8(0),
        "ys": np.float32(0.11),
        "yz": np.uint8(31),
    }
    along = {} if axis is None else {"axis": axis}
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **along)]
    last = "q"
    if axis is None:
        reads = ["q", "s", "z", "w", "ws", "wz", "ys", "yz"]
        nodes.append(helper.make_node("QLinearConv", reads, ["c"]))
        last = "c"
    for op, attributes in between:
        nodes.append(helper.make_node(op, [last], [op.lower()], **attributes))
        last = op.lower()
    by = ["ys", "yz"] if axis is None else ["s", "z"]
    nodes.append(helper.make_node("DequantizeLinear", [last, *by], ["y"], **along))
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2 if axis else 1, 5, 5]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
    ]
    graph = helper.make_graph(
        nodes,
        "q",
        ends[:1],
        ends[1:],
        [numpy_helper.from_array(a, n) for n, a in constants.items()],
    )
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    ), last


POOL = ("MaxPool", {"kernel_shape": [2, 2]})
TURN = ("Transpose", {"perm": [0, 1, 3, 2]})


@pytest.mark.parametrize(
    "options",
    [{}, {"axis": 1}, {"axis": -3}, {"between": [POOL]}, {"between": [POOL, TURN]}],
    ids=["one scale", "a scale a channel", "counted from the back", "pooled", "pooled and turned"],
)
@pytest.mark.parametrize("pooling", ["mean", "std", "center", "flatten"])
def test_whole_numbers_are_pooled_as_the_floats_they_stand_for(options, pooling):
    model, last = quantised(**options)
    x = np.random.default_rng(3).normal(size=(3, 2 if "axis" in options else 1, 5, 5))
    feeds = {"x": x.astype(np.float32)}
    probes = [Probe(last, pooling), Probe("y", pooling)]
    found = run(attach(model, probes), feeds)
    assert model.value(last).dtype == "uint8"
    np.testing.assert_array_equal(found[str(probes[0])], found[str(probes[1])])
    numpy = POOLINGS[pooling].apply(run(model, feeds)["y"])
    np.testing.assert_allclose(found[str(probes[0])], numpy, rtol=1e-5, atol=1e-6)


def test_a_head_on_whole_numbers_is_proven(tmp_path):
    model, last = quantised(between=[POOL])
    old = save(model, tmp_path / "old.onnx")
    proof = write_fused(old, [head(model, [Probe(last, "mean")])], tmp_path / "new.onnx")
    assert proof.kept
    assert write_unfused(tmp_path / "new.onnx", tmp_path / "bare.onnx").original


def test_whole_numbers_that_nobody_scaled_stand_for_themselves():
    node = helper.make_node("Flatten", ["x"], ["y"])
    ends = [helper.make_tensor_value_info(n, TensorProto.UINT8, ["N", 4]) for n in ("x", "y")]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    model = Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )
    assert scale_of(model, "y") is None
    assert scale_of(quantised()[0], "y") is None  # floats already
    x = np.array([[0, 7, 200, 255]], np.uint8)
    np.testing.assert_array_equal(
        run(attach(model, [Probe("y", "flatten")]), {"x": x})["y:flatten"], x
    )
