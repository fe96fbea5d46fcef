from architectures.net import Net

from onnxprobe.probe import Probe, chosen, width


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
