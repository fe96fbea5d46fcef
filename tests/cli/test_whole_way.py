"""Pick, probe, stitch, check and unstitch, one after the other, on networks of every build."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model, weight
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.pooling import POOLINGS
from onnxprobe.runtime import Session, random_feeds, run

N = helper.make_node
PADS = {"pads": [1, 1, 1, 1]}


def built(nodes, inputs, outputs, weights):
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "net", *ends, weights)
    imports = [helper.make_opsetid("", 17)]
    return Model(helper.make_model(graph, opset_imports=imports, ir_version=8))


def half(ends):
    """All weights in float16; the ends too, or cast there."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    graph = proto.graph
    for tensor in graph.initializer:
        halved = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(halved, tensor.name))
    if ends == "float16":
        for info in (*graph.input, *graph.output):
            info.type.tensor_type.elem_type = TensorProto.FLOAT16
        return Model(proto)
    graph.node[0].input[0], graph.node[-1].output[0] = "half_in", "half_out"
    graph.node.insert(0, N("Cast", ["image"], ["half_in"], to=TensorProto.FLOAT16))
    graph.node.append(N("Cast", ["half_out"], ["scores"], to=TensorProto.FLOAT))
    return Model(proto)


def channels_last():
    """As TensorFlow exports: channels last at the ends, transposed around the convolutions."""
    nodes = [
        N("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        N("Conv", ["first", "w"], ["conv"], **PADS),
        N("Relu", ["conv"], ["relu"]),
        N("Transpose", ["relu"], ["last"], perm=[0, 2, 3, 1]),
        N("ReduceMean", ["last"], ["pool"], axes=[1, 2], keepdims=0),
        N("Gemm", ["pool", "g"], ["y"]),
    ]
    weights = [weight("w", 6, 3, 3, 3), weight("g", 6, 5)]
    return built(nodes, [("x", ["N", 8, 8, 3])], [("y", ["N", 5])], weights)


def branch(x, out, kernel):
    return [
        N("Conv", [x, kernel], [f"{out}/conv"], **PADS),
        N("Relu", [f"{out}/conv"], [f"{out}/map"]),
        N("GlobalAveragePool", [f"{out}/map"], [f"{out}/pool"]),
        N("Flatten", [f"{out}/pool"], [out]),
    ]


def several_ends():
    """A picture and a table in; a class and a mask out."""
    nodes = [
        *branch("image", "seen", "w"),
        N("Gemm", ["table", "t"], ["told"]),
        N("Concat", ["seen", "told"], ["both"], axis=1),
        N("Gemm", ["both", "g"], ["class"]),
        N("Conv", ["seen/map", "m"], ["mask"]),
    ]
    weights = [
        weight("w", 6, 3, 3, 3),
        weight("t", 4, 3),
        weight("g", 9, 5),
        weight("m", 2, 6, 1, 1),
    ]
    inputs = [("image", ["N", 3, 8, 8]), ("table", ["N", 4])]
    return built(nodes, inputs, [("class", ["N", 5]), ("mask", ["N", 2, 8, 8])], weights)


def siamese():
    """Two pictures through the same weights."""
    nodes = [
        *branch("left", "a", "w"),
        *branch("right", "b", "w"),
        N("Sub", ["a", "b"], ["far"]),
        N("Gemm", ["far", "g"], ["same"]),
    ]
    inputs = [(name, ["N", 3, 8, 8]) for name in ("left", "right")]
    return built(nodes, inputs, [("same", ["N", 1])], [weight("w", 6, 3, 3, 3), weight("g", 6, 1)])


def two_streams():
    """One picture through two networks that meet at the end."""
    nodes = [
        N("Conv", ["x", "s"], ["stem"], **PADS),
        *(N("Conv", ["stem", f"w{i}"], [f"in{i}"], **PADS) for i in (0, 1)),
        *branch("in0", "a", "v0"),
        *branch("in1", "b", "v1"),
        N("Concat", ["a", "b"], ["both"], axis=1),
        N("Gemm", ["both", "g"], ["y"]),
    ]
    inner = [weight(f"{n}{i}", 6, 6, 3, 3) for n in "wv" for i in (0, 1)]
    weights = [weight("s", 6, 3, 3, 3), *inner, weight("g", 12, 2)]
    return built(nodes, [("x", ["N", 3, 8, 8])], [("y", ["N", 2])], weights)


CASES = {
    "float16 throughout": (half("float16"), "block", ("block",)),
    "float16 inside": (half("float32"), "block", ("block",)),
    "channels last": (channels_last(), "relu", ("relu",)),
    "several inputs and outputs": (several_ends(), "seen/map", ("seen/map",)),
    "siamese": (siamese(), "a/map", ("a/map", "b/map")),
    "two streams": (two_streams(), "stem", ("a/map", "b/map")),
}


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("pooling", ["mean", "std"])
def test_a_network_goes_the_whole_way(name, pooling, tmp_path):
    model, picked, taps = CASES[name]
    old, new = save(model, tmp_path / "old.onnx"), tmp_path / "new.onnx"
    found = invoke("pick", old, "--json")
    assert json.loads(found.stdout)["tensor"] == picked
    assert found.exit_code == (3 if name == "two streams" else 0)
    others = [a["tensor"] for a in json.loads(found.stdout)["alternatives"]]
    assert set(taps) <= {picked, *others}
    width = model.values[taps[0]].shape[1]
    weights = np.random.default_rng(0).normal(size=(2, width * len(taps))).astype(np.float32)
    zeros, limit = np.zeros(2, np.float32), np.full(2, 0.5, np.float32)
    widths = (width,) * len(taps)
    head = LinearHead(HEADS["softmax"], weights, zeros, limit, ("a", "b"), widths, "kind")
    save(head.model(opset=17, ir_version=8), tmp_path / "head.onnx")
    probes = [word for tap in taps for word in ("--probe", f"{tap}:{pooling}")]
    told = invoke("stitch", old, tmp_path / "head.onnx", *probes, "-o", new)
    assert "bit-identical at batch 1, 2, 5" in told.output
    assert invoke("check", old, new).exit_code == 0
    feeds = random_feeds(Session(new).inputs, 3)
    tapped = invoke("probe", old, *probes, "-o", tmp_path / "probed.onnx")
    assert tapped.exit_code == 0
    vectors = run(tmp_path / "probed.onnx", feeds)
    given = [vectors[f"{tap}:{pooling}"] for tap in taps]
    assert {v.dtype for v in given} == {np.dtype(np.float32)}
    np.testing.assert_allclose(run(new, feeds)["kind_scores"], head(given).scores, rtol=1e-5)
    invoke("unstitch", new, "-o", tmp_path / "bare.onnx")
    assert (tmp_path / "bare.onnx").read_bytes() == old.read_bytes()


def test_half_precision_is_cast_before_it_is_pooled(tmp_path, images):
    """The mean of many halves is taken in float32: its error is that of rounding the inputs."""
    old = save(half("float32"), tmp_path / "old.onnx")
    invoke("probe", old, "--probe", "block:mean", "-o", tmp_path / "p.onnx")
    invoke("probe", old, "--probe", "block:flatten", "-o", tmp_path / "f.onnx")
    assert [n.op for n in load(tmp_path / "p.onnx").nodes][-2:] == ["Cast", "ReduceMean"]
    flat = run(tmp_path / "f.onnx", {"image": images})["block:flatten"].reshape(5, 4, 8, 8)
    found = run(tmp_path / "p.onnx", {"image": images})["block:mean"]
    np.testing.assert_allclose(found, POOLINGS["mean"].apply(flat), rtol=1e-5, atol=1e-6)


def test_each_output_has_its_pick_and_what_the_pick_does_not_know_is_said(tmp_path):
    old = save(several_ends(), tmp_path / "old.onnx")
    found = json.loads(invoke("pick", old, "--json").stdout)
    assert [p["output"] for p in found["per_output"]] == ["class", "mask"]
    assert "it knows nothing of 'table', which reaches the answer beside it" in found["reasons"]
