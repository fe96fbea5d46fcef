import numpy as np
import onnx
from onnx import numpy_helper

from onnxprobe.graph.load import load
from onnxprobe.store.fingerprint import fingerprint


def big(seed):
    """A model with a weight too long to be kept in memory."""
    values = np.random.default_rng(seed).normal(size=(3, 4000)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "big",
        [onnx.helper.make_tensor_value_info("x", 1, ["N", 3])],
        [onnx.helper.make_tensor_value_info("y", 1, ["N", 4000])],
        [numpy_helper.from_array(values, "w")],
    )
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)


def saved(tmp_path, name, seed, **how):
    path = tmp_path / name / "m.onnx"
    path.parent.mkdir()
    onnx.save_model(big(seed), path, **how)
    return fingerprint(load(path))


def test_the_same_file_elsewhere_has_the_same_fingerprint(tmp_path):
    assert saved(tmp_path, "a", 0) == saved(tmp_path, "b", 0) != saved(tmp_path, "c", 1)


def test_weights_beside_the_model_count(tmp_path):
    how = {"save_as_external_data": True, "location": "w.bin"}
    one = saved(tmp_path, "a", 0, **how)
    assert one == saved(tmp_path, "b", 0, **how) != saved(tmp_path, "c", 1, **how)
