from itertools import pairwise

import cv2
import numpy as np
import pytest
from drawn import SEEN, picture
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save


@pytest.fixture(scope="session")
def backbone(tmp_path_factory):
    """Three random convolutions with a stride, then the mean, then a layer: no training at all."""
    rng, n, sizes = np.random.default_rng(0), helper.make_node, (3, 16, 24, 32)
    weights, nodes, x = [], [], "image"
    for i, (a, b) in enumerate(pairwise(sizes)):
        kernel = rng.normal(size=(b, a, 3, 3)) * np.sqrt(2 / (9 * a))
        weights.append(numpy_helper.from_array(kernel.astype(np.float32), f"w{i}"))
        nodes += [
            n("Conv", [x, f"w{i}"], [f"c{i}"], pads=[1] * 4, strides=[2, 2]),
            n("Relu", [f"c{i}"], [f"r{i}"]),
        ]
        x = f"r{i}"
    weights.append(numpy_helper.from_array(rng.normal(size=(32, 10)).astype(np.float32), "wf"))
    nodes += [
        n("GlobalAveragePool", [x], ["p"]),
        n("Flatten", ["p"], ["f"]),
        n("MatMul", ["f", "wf"], ["logits"]),
    ]
    ends = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 32, 32]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10]),
    ]
    graph = helper.make_graph(nodes, "random", ends[:1], ends[1:], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    return save(Model(proto), tmp_path_factory.mktemp("model") / "random.onnx")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(1)
    for i in range(300):
        cv2.imwrite(str(folder / f"{i:03d}.png"), picture(rng, odd=i % 10 == 0))
    (folder / "broken.jpg").write_bytes(b"<html>no</html>")
    return folder


@pytest.fixture(scope="session")
def finished(backbone, pictures, tmp_path_factory):
    """The job of a run that found something; work on a copy of its folder."""
    from onnxprobe.recipe import Job
    from onnxprobe.recipe.running import run
    from recipes.domains import Domains
    from recipes.maps.tsne import TSNE

    job = Job(backbone, str(pictures), tmp_path_factory.mktemp("finished") / "run", SEEN)
    assert run(Domains(tsne=TSNE(iterations=50)), "domains", job)["domains"]
    return job
