import importlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
from interop_models import bytes_of, rich_model
from tiny import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.errors import RunError, VersionError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.load import load
from onnxprobe.graph.value import Value
from onnxprobe.interop.sclblonnx import from_graph, to_graph
from onnxprobe.repair import repair
from onnxprobe.runtime import run


@pytest.fixture(scope="module")
def so(tmp_path_factory):
    """The real package, in a folder of its own: its requirements would replace ONNX Runtime."""
    folder = str(tmp_path_factory.mktemp("sclblonnx"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    packages = ["sclblonnx==0.3.0", "onnxoptimizer", "onnxsim"]
    subprocess.run([*command, "--no-deps", "--target", folder, *packages], check=True)
    sys.path.append(folder)
    yield importlib.import_module("sclblonnx")
    sys.path.remove(folder)


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (13, 7), (17, 8), (21, 10)])
def test_there_and_back_is_the_same_to_the_byte(opset, ir_version):
    model = rich_model(opset, ir_version)
    assert bytes_of(from_graph(to_graph(model))) == bytes_of(model)


def test_the_graph_has_its_weights_in_memory(loaded_big, tmp_path):
    graph = to_graph(loaded_big)
    assert all(t.data_location != onnx.TensorProto.EXTERNAL for t in graph.initializer)
    new = from_graph(graph)
    assert kept(compare(loaded_big, new))
    onnx.save(tiny_model().proto, tmp_path / "o.onnx", save_as_external_data=True, size_threshold=0)
    outside = load(tmp_path / "o.onnx")
    assert kept(compare(outside, from_graph(to_graph(outside))))


def test_a_bare_graph_needs_a_model_to_go_by(tiny):
    with pytest.raises(VersionError, match="a graph alone does not say which opset it means"):
        from_graph(tiny.proto.graph)
    assert bytes_of(from_graph(tiny.proto.graph, like=tiny)) == bytes_of(tiny)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_head_merged_by_the_real_package_comes_back_with_all_that_the_backbone_says(so, images):
    model = rich_model()
    build = Builder(17)
    build.op("Mul", "x", build.number(2), out="twice")
    ends = [Value(n, "float32", ("N", 5)) for n in ("x", "twice")]
    head = build.model("head", ends[:1], ends[1:], ir_version=8)
    merged = so.merge(
        to_graph(model), to_graph(head), outputs=["scores"], inputs=["x"], complete=False
    )
    new = from_graph(merged)
    assert (new.opset, new.ir_version, new.metadata) == (17, 8, model.metadata)
    with pytest.raises(RunError, match="two nodes with same node name"):
        run(new, {"image": images})  # sclblonnx names all nodes that had no name alike
    answers = run(repair(new).model, {"image": images})
    np.testing.assert_array_equal(answers["twice"], 2 * run(model, {"image": images})["scores"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_output_added_by_the_real_package_is_kept(so):
    graph = so.add_output(to_graph(tiny_model()), "block", "FLOAT", [1, 4, 8, 8])
    assert from_graph(graph).outputs == ("scores", "block")
