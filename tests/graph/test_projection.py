"""Straight layers in front of a pooling, norms over a map in a row, answers of one channel."""

import pytest
from architectures.net import Net

from onnxprobe.graph.pick import pick


def tokens(net):
    return net.layer_norm(net.encoder(net.patches(), 768, 1), 768, out="tokens")


def image(net):
    return net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")


def judged(net, y, channels=256):
    return pick(net.model(net.gemm(y, channels, 10)))


def first(net, x):
    return net.op("Gather", x, net.numbers(0), axis=1)


def mean(net, x):
    return net.op("ReduceMean", x, axes=[1], keepdims=0)


@pytest.mark.parametrize("pooled", [mean, first])
def test_what_a_straight_projection_reads_is_picked(pooled):
    net = Net()
    found = judged(net, pooled(net, net.linear(tokens(net), 768, 256, out="projected")))
    assert (found.tensor, found.role) == ("tokens", "collapse")
    assert any(
        "is bent by nothing, and could as well come after" in reason for reason in found.reasons
    )


def test_a_convolution_over_single_places_is_a_projection_too():
    net = Net()
    y = net.conv(image(net), 64, 24, act=None, out="projected")
    found = judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 24)
    assert found.tensor == "map"


@pytest.mark.parametrize("size", [32, "H"])
def test_the_end_of_a_linear_bottleneck_is_the_network_s_own(size):
    net = Net()
    y = net.conv(net.input("image", ["N", 3, size, size]), 3, 16, 3, 4, act=None, out="narrow")
    y = net.conv(net.conv(y, 16, 96, out="wide"), 96, 24, act=None, out="last")
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 24).tensor == "last"


@pytest.mark.parametrize(
    "layer",
    [
        {"k": 3, "act": None, "out": "last"},
        {"act": "Relu", "out": "last"},
        {"act": None, "stride": 2, "out": "last"},
    ],
    ids=["over neighbours", "bent", "over every other place"],
)
def test_other_layers_are_the_network_s_own(layer):
    net = Net()
    y = net.conv(image(net), 64, 24, **layer)
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 24).tensor == "last"


def test_a_product_over_the_places_is_no_projection():
    net = Net()
    y = net.op("MatMul", net.weight(1, 8, 197), tokens(net), out="mixed")
    assert judged(net, mean(net, y), 768).tensor == "mixed"


def test_a_layer_that_makes_more_channels_is_the_network_s_own():
    net = Net()
    y = net.conv(image(net), 64, 96, act=None, out="wide")
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 96).tensor == "wide"


def test_rounding_may_be_what_bends():
    net = Net()
    y = net.conv(image(net), 64, 24, act=None, out="last")
    grid = (net.number(0.1), net.numbers(0, "int8"))
    y = net.op("DequantizeLinear", net.op("QuantizeLinear", y, *grid), *grid)
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 24).tensor == "last"


def test_the_largest_of_all_places_is_no_mean():
    net = Net()
    y = net.conv(image(net), 64, 24, act=None, out="last")
    assert judged(net, net.op("Flatten", net.op("GlobalMaxPool", y)), 24).tensor == "last"


def test_a_sum_of_branches_is_no_projection():
    net = Net()
    x = image(net)
    y = net.op("Add", net.conv(x, 64, 64, act=None), x, out="block")
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 64).tensor == "block"


def test_pixels_are_no_pick_where_one_layer_projects_them():
    net = Net()
    y = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 24, act=None, out="projected")
    assert judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 24).tensor == "projected"


def test_a_norm_that_reads_a_map_in_a_row_leaves_it_a_map():
    net = Net()
    row = net.op("Reshape", image(net), net.numbers([0, 1, -1]))
    row = net.op("InstanceNormalization", row, net.weight(1), net.weight(1))
    y = net.op("Reshape", row, net.numbers([0, 64, 8, 8]))
    y = net.op("Mul", y, net.weight(64, 1, 1), out="normed")
    found = judged(net, net.op("Flatten", net.op("GlobalAveragePool", y)), 64)
    assert found.tensor == "normed"


@pytest.mark.parametrize(("channels", "tensor"), [(1, "before"), (8, "answer")])
def test_one_number_a_place_is_an_answer_though_it_is_bent(channels, tensor):
    net = Net()
    x = net.conv(image(net), 64, 8, 3, out="before")
    net.conv(x, 8, channels, out="answer")
    found = pick(net.model("answer"))
    assert (found.tensor, found.role) == (tensor, "penultimate" if channels == 1 else "output")
