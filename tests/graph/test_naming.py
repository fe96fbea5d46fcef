"""A bent map with a channel for each number of the answer: classes, or an embedding?"""

import numpy as np
import onnx
import pytest
from architectures.net import Net
from onnx import helper, numpy_helper
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick


def pooled_channels(output="y", node="", weight="w", channels=96):
    """What SqueezeNet for many classes and a MobileNet without its classifier both look like."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    x = net.conv(x, 64, channels, out="bent")
    model = net.model(net.op("GlobalAveragePool", x, out=output))
    proto = model.proto
    layer = proto.graph.node[2]
    layer.name = node
    for constant in proto.graph.initializer:
        constant.name = weight if constant.name == layer.input[1] else constant.name
    layer.input[1] = weight
    return Model(proto)


@pytest.mark.parametrize(
    ("names", "by"),
    [
        ({"output": "logits"}, "logits"),
        ({"output": "classScores_1"}, "classScores_1"),
        ({"output": "output/Prob"}, "output/Prob"),
        ({"node": "/net/classifier/classifier.1/Conv"}, "/net/classifier/classifier.1/Conv"),
        ({"weight": "net.classifier.1.weight"}, "net.classifier.1.weight"),
        ({"weight": "logits.conv.weight_quantized"}, "logits.conv.weight_quantized"),
    ],
)
def test_names_tell_classes(names, by):
    found = pick(pooled_channels(**names))
    assert (found.tensor, found.role, found.doubt) == ("map", "class-map", None)
    assert found.reasons[-1] == f"the name {by!r} calls what that layer makes classes"
    assert found.alternatives[0].tensor == "bent"


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"output": "features"},
        {"output": "class_embedding"},
        {"output": "embedding", "node": "/classifier/conv/Conv"},
        {"node": "/classifier_backbone/conv_head/Conv"},
        {"weight": "classifier.blocks.3.conv.weight"},
        {"output": "glass", "node": "classification"},
    ],
)
def test_other_names_tell_nothing(names):
    found = pick(pooled_channels(**names))
    assert (found.tensor, found.role) == ("bent", "collapse")
    assert found.doubt == (
        "nothing shows whether the channels of 'bent' are features or classes; should they be classes, "
        "take --tensor map"
    )
    assert found.doubt in found.reasons
    assert found.alternatives[0].tensor == "map"


def test_what_the_graph_shows_needs_no_name():
    found = pick(pooled_channels("features", channels=5))
    assert (found.tensor, found.role, found.doubt) == ("map", "class-map", None)
    assert not any("the name" in reason for reason in found.reasons)


def test_a_decision_outweighs_what_it_is_called():
    model = pooled_channels("features")
    proto = model.proto
    proto.graph.node.append(helper.make_node("Softmax", ["features"], ["embedding"], axis=1))
    proto.graph.output[0].name = "embedding"
    assert pick(Model(proto)).role == "class-map"


def test_pick_says_what_it_cannot_know_and_goes_on(tmp_path):
    path, said = (
        tmp_path / "model.onnx",
        "onnxprobe: nothing shows whether the channels of 'bent' are",
    )
    for output, printed, doubt in (("y", "bent\n", said), ("logits", "map\n", "")):
        proto = pooled_channels(output).proto
        for constant in proto.graph.initializer:
            constant.CopyFrom(numpy_helper.from_array(np.zeros(constant.dims, "f4"), constant.name))
        onnx.save(proto, path)
        done = CliRunner().invoke(app, ["pick", str(path)])
        assert (done.exit_code, done.stdout) == (0, printed)
        assert done.stderr.startswith(doubt)
        assert bool(done.stderr) == bool(doubt)
