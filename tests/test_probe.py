import numpy as np
import pytest
from architectures import dense
from architectures.net import Net

from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, attach, chosen, width
from onnxprobe.runtime import run


def normalised_last(net):
    """Swin, MambaOut: maps whose channels come last up to the end, averaged over axes 1 and 2."""
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="map")
    x = net.layer_norm(net.op("Transpose", x, perm=[0, 2, 3, 1], out="turned"), 64)
    x = net.op("Add", x, net.linear(x, 64, 64), out="block")
    return net.model(net.gemm(net.op("ReduceMean", x, axes=[1, 2], keepdims=0), 64, 10))


def test_a_map_is_averaged_over_its_places_wherever_its_channels_are():
    model = normalised_last(Net())
    assert chosen(model, None, None) == Probe("block", "token-mean")
    assert chosen(model, "turned", None) == Probe("turned", "token-mean")
    assert chosen(model, "map", None) == Probe("map", "mean")
    assert [width(model, chosen(model, t, None)) for t in ("block", "turned", "map")] == [64] * 3


def sound():
    """Convolutions over time: (channels, time), the time of a known length."""
    net = Net()
    x = net.input("sound", ["N", 24, 100])
    for c, to in ((24, 64), (64, 128)):
        y = net.op("Conv", x, net.weight(to, c, 3), kernel_shape=[3], pads=[1, 1])
        x = net.op("Relu", y, out=f"map{to}")
    return net.model(net.gemm(net.op("ReduceMean", x, axes=[2], keepdims=0), 128, 10))


def test_sound_is_averaged_over_time_and_tokens_over_tokens():
    model = sound()
    assert chosen(model, None, None) == Probe("map128", "mean")
    assert width(model, chosen(model, None, None)) == 128
    net = Net()
    tokens = net.model(net.encoder(net.patches(), 768, 1, out="tokens"))
    assert chosen(tokens, "tokens", None) == Probe("tokens", "token-mean")


def test_channels_are_followed_through_a_reshape_that_merges_places_into_them():
    net = Net()
    x = net.op(
        "Transpose", net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4), perm=[0, 2, 3, 1]
    )
    x = net.layer_norm(x, 64)
    x = net.op("Reshape", x, net.numbers([0, 4, 2, 4, 2, 64]))
    x = net.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
    x = net.op("Reshape", x, net.numbers([0, 4, 4, 256]), out="merged")
    assert chosen(net.model(net.linear(x, 256, 10)), "merged", None) == Probe(
        "merged", "token-mean"
    )


def columns(net, positions="T"):
    """Tokens whose batch comes second, as recurrences and older transformers have them."""
    x = net.op("Relu", net.input("image", ["N", 6, positions]))
    return net.op("Transpose", x, perm=[2, 0, 1], out="columns")


@pytest.mark.parametrize("pooling", ["token-mean", "token-std", "cls", "max"])
def test_a_tensor_whose_batch_comes_second_is_pooled_for_each_sample(pooling):
    net = Net()
    model = net.model(net.op("Neg", columns(net, 5)))
    image = np.random.default_rng(0).normal(size=(3, 6, 5)).astype(np.float32)
    probe = Probe("columns", pooling)
    vectors = run(attach(model, [probe]), {"image": image})[probe.output]
    tokens = np.maximum(image, 0).transpose(0, 2, 1)
    # five numbers are summed in another order
    np.testing.assert_allclose(vectors, POOLINGS[pooling].apply(tokens), rtol=1e-5, atol=1e-6)


def test_channels_are_followed_through_a_transposition_of_the_batch():
    net = Net()
    x = net.linear(columns(net), 6, 8, out="tokens")
    net.op("Transpose", x, perm=[1, 2, 0], out="sound")
    model = net.model(net.op("Neg", "sound"))
    assert chosen(model, "tokens", None).pooling == "token-mean"
    assert chosen(model, "sound", None).pooling == "mean"
    assert width(model, Probe("sound", "mean")) == 8


def test_a_text_recogniser_is_probed_at_its_pick():
    model = dense.text_recogniser().model
    probe = chosen(model, None, None)
    assert (probe.pooling, width(model, probe)) == ("token-mean", 512)
