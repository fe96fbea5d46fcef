import numpy as np
import pytest
from architectures import dense
from architectures.net import Net

from onnxprobe.errors import PoolingError
from onnxprobe.graph.expose import expose
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, attach, by_sample, chosen, width
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


def frames(*turn):
    """Clips of four frames, which are put into the batch, behind it or (turned) in front of it."""
    net = Net()
    clip = net.input("clip", ["N", 4, 3, 6, 6])
    clip = net.op("Transpose", clip, perm=turn) if turn else clip
    rows = net.op("Reshape", clip, net.numbers([-1, 3, 6, 6]))
    same = net.numbers(np.eye(3).reshape(3, 3, 1, 1), np.float32)
    x = net.op("Relu", net.op("Conv", rows, same), out="map")
    x = net.op("Transpose", x, perm=[0, 2, 3, 1], out="last")
    x = net.op("ReduceMean", x, axes=[1, 2], keepdims=0, out="vectors")
    return net.model(net.op("Reshape", x, net.numbers([-1, 4, 3]), out="apart"))


@pytest.mark.parametrize(
    ("tensor", "pooling"),
    [
        *(("map", pooling) for pooling in ("mean", "std", "max", "gem", "center", "flatten")),
        *(("last", pooling) for pooling in ("token-mean", "token-std")),
        *(("vectors", pooling) for pooling in ("mean", "token-mean", "cls", "max", "flatten")),
    ],
)
@pytest.mark.parametrize("turn", [(), (1, 0, 2, 3, 4)])
def test_frames_in_the_batch_are_pooled_to_one_vector_a_clip(tensor, pooling, turn):
    model, probe = frames(*turn), Probe(tensor, pooling)
    probed = attach(model, [probe])
    for batch in (1, 2, 5):
        clip = np.random.default_rng(batch).normal(size=(batch, 4, 3, 6, 6)).astype(np.float32)
        seen = np.maximum(clip, 0)
        whole = {
            "map": seen,
            "last": seen.transpose(0, 1, 3, 4, 2),
            "vectors": seen.mean(axis=(3, 4)),
        }[tensor]
        if POOLINGS[pooling].rows:  # behind the channels, as the frames of a clip are
            whole = np.moveaxis(whole, 1, 2)
        vectors = run(probed, {"clip": clip})[probe.output]
        assert vectors.shape == (batch, width(model, probe))
        rows = run(expose(model, [tensor]), {"clip": clip})[tensor]
        np.testing.assert_array_equal(by_sample(model, probe, rows).shape, whole.shape)
        np.testing.assert_allclose(by_sample(model, probe, rows), whole, rtol=1e-5, atol=1e-6)
        # a few dozen numbers are summed in another order
        np.testing.assert_allclose(vectors, POOLINGS[pooling].apply(whole), rtol=1e-5, atol=1e-6)


def test_frames_are_averaged_over_all_their_places_where_nobody_says():
    model = frames()
    assert chosen(model, "map", None) == Probe("map", "mean")
    assert chosen(model, "last", None) == Probe("last", "token-mean")
    assert chosen(model, "vectors", None) == Probe("vectors", "token-mean")
    assert chosen(model, "apart", None) == Probe("apart", "token-mean")
    assert [width(model, chosen(model, name, None)) for name in ("map", "last", "vectors")] == [
        3
    ] * 3


def test_frames_of_open_size_are_pooled_too():
    net = Net()
    clip = net.input("clip", ["N", 4, "L", 3, 8])
    net.op("Relu", net.op("Reshape", clip, net.numbers([-1, 24, 0])), out="sound")
    model = net.model(net.op("Neg", "sound"))
    clips = np.random.default_rng(0).normal(size=(2, 4, 5, 3, 8)).astype(np.float32)
    vectors = run(attach(model, [Probe("sound", "max")]), {"clip": clips})["sound:max"]
    rows = np.maximum(clips, 0).reshape(2, 4, 24, 5)
    np.testing.assert_array_equal(vectors, rows.max(axis=(1, 3)))


def test_rows_of_nobody_cannot_be_probed():
    net = Net()
    clip = net.input("clip", ["N", 4, 3, 8, 8])
    pairs = net.op("Reshape", clip, net.numbers([0, 2, 2, 3, 8, 8]))
    turned = net.op("Transpose", pairs, perm=[1, 0, 2, 3, 4, 5])
    net.op("Reshape", turned, net.numbers([-1, 3, 8, 8]), out="rows")
    said = "a sample takes several of its rows, and which ones does not follow from the graph"
    with pytest.raises(PoolingError, match=said):
        attach(net.model(net.op("Relu", "rows")), [Probe("rows", "mean")])


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_pooling_of_the_network_itself_is_of_another_axis_where_the_batch_comes_second(pooling):
    """What it gives has the channels in front of the batch, so the probe pools for itself."""
    net = Net()
    net.op(
        "Transpose", net.op("Relu", net.input("image", ["N", 6, 5, 4])), perm=[1, 0, 2, 3], out="x"
    )
    own = net.op(f"Global{'Average' if pooling == 'mean' else 'Max'}Pool", "x", out="own")
    model = net.model(own)
    image = np.random.default_rng(0).normal(size=(3, 6, 5, 4)).astype(np.float32)
    probe = Probe("x", pooling)
    answers = run(attach(model, [probe]), {"image": image})
    np.testing.assert_allclose(
        answers[probe.output], POOLINGS[pooling].apply(np.maximum(image, 0)), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(answers["own"], run(model, {"image": image})["own"])
