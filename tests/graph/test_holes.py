import numpy as np
import pytest
from architectures.net import Net
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.expose import expose
from onnxprobe.graph.holes import holes, learnt
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.shapes import sample_shape
from onnxprobe.runtime import run


def weight(name, *shape):
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def hidden(height=8, batch="N"):
    """A small network behind an operator that shape inference knows nothing about."""
    n = helper.make_node
    nodes = [
        n("Conv", ["image", "w1"], ["conv"], pads=[1, 1, 1, 1]),
        n("Trilu", ["conv"], ["half"], domain="com.microsoft"),
        n("Conv", ["half", "w2"], ["map"], pads=[1, 1, 1, 1]),
        n("GlobalAveragePool", ["map"], ["pooled"]),
        n("Flatten", ["pooled"], ["flat"]),
        n("Gemm", ["flat", "w3"], ["scores"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, height, 8])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    weights = [weight("w1", 4, 3, 3, 3), weight("w2", 6, 4, 3, 3), weight("w3", 6, 5)]
    graph = helper.make_graph(nodes, "hidden", [image], [scores], weights)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return Model(helper.make_model(graph, opset_imports=imports, ir_version=8))


def told(model, *sizes):
    asked, runs = expose(model, holes(model)), []
    for size in sizes:
        feeds = {"image": np.ones(size, np.float32)}
        runs.append(feeds | run(asked, feeds))
    return Model(model.proto, learnt(model, *runs))


def test_a_model_whose_shapes_are_known_has_no_holes(tiny):
    assert holes(tiny) == ()


def test_what_two_runs_tell_fills_every_hole():
    model = hidden()
    assert "half" in holes(model)
    complete = told(model, (2, 3, 8, 8), (3, 3, 8, 8))
    assert holes(complete) == ()
    assert complete.value("map").shape == ("N", 6, 8, 8)
    assert complete.value("half").dtype == "float32"
    assert (pick(complete).tensor, pick(complete).shape) == ("map", (6, 8, 8))


def test_a_pick_without_the_shapes_says_that_they_are_missing():
    assert any("only known when the model runs" in reason for reason in pick(hidden()).reasons)


def test_sizes_that_follow_an_open_height_are_told_from_fixed_ones():
    complete = told(hidden("H"), (2, 3, 16, 8), (3, 3, 24, 8))
    assert complete.value("map").shape == ("N", 6, "H", 8)
    assert sample_shape(complete, "map") == (6, None, 8)
    assert holes(complete) == ()


def test_one_run_given_twice_is_taken_at_its_word():
    fixed = hidden(batch=1)
    feeds = {"image": np.ones((1, 3, 8, 8), np.float32)}
    once = feeds | run(expose(fixed, holes(fixed)), feeds)
    assert learnt(fixed, once, once)["map"].shape == (1, 6, 8, 8)


def test_sizes_that_follow_from_an_open_height_are_no_holes():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, "H", 8]), 3, 4, 3, 2)
    model = net.model(net.classify(x, 4))
    assert model.value(x).shape == ("N", 4, None, 4)
    assert holes(model) == ()


def test_a_size_that_may_follow_one_that_was_fed_alike_stays_unknown():
    complete = told(hidden("H"), (2, 3, 16, 8), (3, 3, 16, 8))
    assert complete.value("map").shape == ("N", None, None, None)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_runs_does_not_matter(order):
    sizes = [(2, 3, 8, 8), (3, 3, 8, 8)][::order]
    assert told(hidden(), *sizes).value("flat").shape == ("N", 6)
