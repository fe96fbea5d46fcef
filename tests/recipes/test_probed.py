from architectures.net import Net

from onnxprobe.probe import width
from recipes.embedding import Embedding


def transformer():
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(64), 64, 4, heads=4), 64)
    return net.model(net.gemm(net.op("Gather", x, net.numbers(0), axis=1), 64, 10))


def test_the_looks_of_tokens_are_the_deviations_of_their_channels():
    model = transformer()
    _, *styles = Embedding().probed(model)[0]
    assert {probe.pooling for probe in styles} == {"token-std"}
    assert [width(model, probe) for probe in styles] == [64] * len(styles)
