"""Oracle: OpenCV itself loads what the table says it loads, and gives the same numbers."""

import numpy as np
import pytest
import zoo

from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.lowering import lower
from onnxprobe.runtime import run
from onnxprobe.targets import obstacles, target

cv2 = pytest.importorskip("cv2")
X = zoo.vectors(rows=3)


def linear_head(kind):
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(3, zoo.WIDTH)).astype(np.float32)
    half = np.full(3, 0.5, np.float32)
    return LinearHead(HEADS[kind], weight, weight[:, 0], half, ("a", "b", "c"), (zoo.WIDTH,))


HEADS_TRIED = {
    **{kind: lambda kind=kind: linear_head(kind).model(opset=13, ir_version=7) for kind in HEADS},
    **{
        name: lambda name=name: lower(zoo.classifier(name), opset=13, ir_version=7)
        for name in (
            "LogisticRegression",
            "GaussianNB",
            "SVC",
            "CalibratedClassifierCV isotonic",
            "NearestCentroid",
        )
    },
    "KMeans": lambda: lower(zoo.clusterer("KMeans"), opset=13, ir_version=7),
}


@pytest.mark.parametrize("name", HEADS_TRIED)
def test_opencv_gives_the_numbers_of_onnx_runtime(tmp_path, name):
    model = HEADS_TRIED[name]()
    assert obstacles(model, target("opencv")) == ()
    net = cv2.dnn.readNetFromONNX(str(save(model, tmp_path / "head.onnx")))
    net.setInput(X)
    got = dict(zip(model.outputs, net.forward(list(model.outputs)), strict=True))
    for output, expected in run(model, {"vectors": X}).items():
        scale = max(1, np.abs(expected).max())
        np.testing.assert_allclose(got[output].reshape(expected.shape), expected, atol=1e-5 * scale)
