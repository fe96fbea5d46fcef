import shutil

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model

from onnxprobe.graph.load import load
from onnxprobe.graph.save import save


def pytest_collection_modifyitems(items):
    wanted = [item for item in items if item.get_closest_marker("gpu")]
    if wanted and not _gpu():
        for item in wanted:
            item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU, or no onnxruntime-gpu"))


def _gpu():
    if shutil.which("nvidia-smi") is None:
        return False
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.fixture(scope="session")
def tiny():
    return tiny_model()


@pytest.fixture
def tiny_file(tmp_path, tiny):
    return save(tiny, tmp_path / "tiny.onnx")


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(1).normal(size=(5, 3, 8, 8)).astype(np.float32)


@pytest.fixture
def big_file(tmp_path):
    """Weights that are long enough to stay on disk: an initializer, a Constant node, int64."""
    n = helper.make_node
    rng = np.random.default_rng(0)
    table = numpy_helper.from_array(rng.normal(size=(8, 600)).astype(np.float32), "value")
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [600, 5], rng.normal(size=3000).tolist())
    order = helper.make_tensor("order", TensorProto.INT64, [600], rng.permutation(600).tolist())
    graph = helper.make_graph(
        [
            n("Constant", [], ["table"], value=table),
            n("MatMul", ["x", "table"], ["wide"]),
            n("Gather", ["wide", "order"], ["shuffled"], axis=1),
            n("MatMul", ["shuffled", "typed"], ["y"]),
        ],
        "big",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])],
        [typed, order],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "big.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


@pytest.fixture
def loaded_big(big_file):
    return load(big_file)
