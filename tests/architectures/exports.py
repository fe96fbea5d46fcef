"""What exporters and training habits leave behind."""

import numpy as np
from onnx import TensorProto

from architectures.convolutional import MAP, backbone
from architectures.net import INT64, Case, Net


def vit_with_registers():
    """Four register tokens that the head leaves out."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(special=5), 768), 768, out="norm")
    rest = net.op("Slice", x, *(net.numbers([n]) for n in (5, 99999, 1)))
    mean = net.op("ReduceMean", rest, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(mean, 768, 1000)), "norm", (201, 768))


def channels_last():
    """A TensorFlow network: channels last outside, first inside, colours turned round."""
    net = Net()
    x = net.input("image", ["N", 224, 224, 3])
    x = net.op("Gather", x, net.numbers([2, 1, 0]), axis=3)
    x = backbone(net, net.op("Transpose", x, perm=[0, 3, 1, 2]))
    y = net.op("ReduceMean", net.op("Transpose", x, perm=[0, 2, 3, 1]), axes=[1, 2], keepdims=0)
    return Case(net.model(net.op("Softmax", net.gemm(y, 512, 2))), "map", MAP)


def tensorflow_reshape():
    """The batch is read from the shape and packed into that of a Reshape."""
    net = Net()
    x = net.conv(
        net.input("image", ["unk__12", 3, 224, 224]), 3, 1280, 3, 32, act="swish", out="map"
    )
    y = net.op("ReduceMean", x, axes=[2, 3], keepdims=1)
    shape = net.op("Cast", net.op("Shape", y), to=TensorProto.INT32)
    batch = net.op("Slice", shape, *(net.numbers([n]) for n in (0, 1, 0)))
    shape = net.op("Concat", batch, net.numbers([1280], np.int32), axis=0)
    y = net.op("Reshape", y, net.op("Cast", shape, to=INT64))
    return Case(net.model(net.gemm(y, 1280, 1000)), "map", (1280, 7, 7))


def squeeze_excite_resnet():
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    for i in range(2):
        y = net.squeeze_excite(net.conv(net.conv(x, 512, 512, 3), 512, 512, 3, act=None), 512)
        x = net.op("Relu", net.op("Add", x, y), out=f"block{i}")
    return Case(net.model(net.classify(x, 512)), "block1", MAP)


def mlp_mixer():
    net = Net()
    x = net.patches(512, special=0)
    for _ in range(3):
        y = net.op("Transpose", net.layer_norm(x, 512), perm=[0, 2, 1])
        y = net.linear(net.linear(y, 196, 256, "Relu"), 256, 196)
        x = net.op("Add", x, net.op("Transpose", y, perm=[0, 2, 1]))
        x = net.op(
            "Add", x, net.linear(net.linear(net.layer_norm(x, 512), 512, 2048, "Relu"), 2048, 512)
        )
    x = net.layer_norm(x, 512, out="norm")
    y = net.op("ReduceMean", x, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(y, 512, 1000)), "norm", (196, 512))


def vgg_adaptive():
    """Adaptive pooling to the size the map has already: an AveragePool over single pixels."""
    net = Net()
    x, c = net.input("image", ["N", 3, 224, 224]), 3
    for to in (64, 128, 256, 512, 512):
        x = net.conv(x, c, to, 3)
        x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], out=f"pool{len(net.nodes)}")
        c = to
    y = net.op("Flatten", net.op("AveragePool", x, kernel_shape=[1, 1], strides=[1, 1]))
    y = net.op("Relu", net.gemm(y, 25088, 4096))
    return Case(net.model(net.gemm(y, 4096, 1000)), x, MAP)


def video_frames():
    """Frames are put into the batch, pooled, and taken out again: the tokens are frames."""
    net = Net()
    x = net.input("clip", ["N", 8, 3, 224, 224])
    x = backbone(net, net.op("Reshape", x, net.numbers([-1, 3, 224, 224])))
    y = net.op("Flatten", net.op("GlobalAveragePool", x))
    y = net.op("Reshape", y, net.numbers([-1, 8, 512]), out="frames")
    y = net.op("ReduceMean", y, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(y, 512, 400)), "frames", (8, 512))


def judged_frames():
    """Each frame is judged by itself, then the answers are averaged (Wang et al. 2016, arXiv:1608.00859)."""
    net = Net()
    x = net.op("Reshape", net.input("clip", ["N", 8, 3, 224, 224]), net.numbers([-1, 3, 224, 224]))
    x = net.op("GlobalAveragePool", backbone(net, x), out="frames")
    y = net.op("Reshape", net.gemm(net.op("Flatten", x), 512, 700), net.numbers([-1, 8, 700]))
    y = net.op("ReduceMean", y, axes=[1], keepdims=0)
    return Case(net.model(y), "frames", (8, 512, 1, 1), role="class-map")


def judged_crops():
    """The same with chances for each of ten crops."""
    net = Net()
    x = net.op(
        "Reshape", net.input("crops", ["N", 10, 3, 224, 224]), net.numbers([-1, 3, 224, 224])
    )
    x = net.op("ReduceMean", backbone(net, x), axes=[2, 3], keepdims=0, out="crops_seen")
    y = net.op("Softmax", net.gemm(x, 512, 1000), axis=-1)
    y = net.op("Reshape", y, net.numbers([-1, 10, 1000]))
    y = net.op("ReduceMean", y, axes=[1], keepdims=0)
    return Case(net.model(y), "crops_seen", (10, 512), role="class-map")


def integer_convolutions():
    """QLinearConv throughout: the map is quantized and there is no other."""
    net = Net()
    scale, zero = net.number(0.1), net.numbers(0, np.uint8)
    x = net.op("QuantizeLinear", net.input("image", ["N", 3, 112, 112]), scale, zero)
    for c, to in ((3, 64), (64, 512)):
        w = net.numbers(np.zeros((to, c, 3, 3)), np.uint8)
        size = {"kernel_shape": [3, 3], "strides": [4, 4], "pads": [1, 1, 1, 1]}
        x = net.op(
            "QLinearConv", x, scale, zero, w, scale, zero, scale, zero, out=f"map{to}", **size
        )
    y = net.op("GlobalAveragePool", net.op("DequantizeLinear", x, scale, zero, out="float_map"))
    return Case(net.model(net.gemm(net.op("Flatten", y), 512, 1000)), "float_map", MAP)


def half_precision():
    net = Net()
    x = net.op("Cast", net.input("image", ["N", 3, 112, 112]), to=TensorProto.FLOAT16)
    weights = [net.op("Cast", net.weight(to, c, 3, 3), to=10) for c, to in ((3, 64), (64, 512))]
    for w in weights:
        y = net.op("Conv", x, w, kernel_shape=[3, 3], strides=[4, 4], pads=[1] * 4)
        x = net.op("Relu", y, out=f"relu{len(net.nodes)}")
    y = net.op("Cast", net.op("Flatten", net.op("GlobalAveragePool", x)), to=1)
    return Case(net.model(net.gemm(y, 512, 10)), x, MAP)


def lenet():
    """More layers after the pick than before it, but none that another way leads around."""
    net = Net()
    x = net.input("digit", ["N", 1, 28, 28])
    for c, to in ((1, 6), (6, 16)):
        pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
        x = net.op("MaxPool", net.conv(x, c, to, 5), out=f"pool{to}", **pool)
    y = net.op("Flatten", x)
    for c, to in ((784, 120), (120, 84)):
        y = net.op("Relu", net.gemm(y, c, to))
    return Case(net.model(net.gemm(y, 84, 10)), "pool16", (16, 7, 7))


def time_series():
    """Keras: time first inside the recurrence, batch first outside; the last state is read."""
    net = Net()
    x = net.op("Transpose", net.input("steps", ["N", 50, 16]), perm=[1, 0, 2])
    y = net.op("GRU", x, net.weight(1, 96, 16), net.weight(1, 96, 32), hidden_size=32)
    y = net.op("Transpose", net.op("Squeeze", y, net.numbers([1])), perm=[1, 0, 2], out="states")
    last = net.op("Gather", y, net.numbers(-1), axis=1)
    return Case(net.model(net.gemm(last, 32, 4)), "states", (50, 32))


def promptable_encoder():
    """The file ends in an embedding for other files to read: a map, normalised over channels."""
    net = Net()

    def norm(x, out=None):
        d = net.op("Sub", x, net.op("ReduceMean", x, axes=[1]))
        square = net.op("ReduceMean", net.op("Pow", d, net.number(2.0)), axes=[1])
        y = net.op("Mul", net.op("Div", d, net.op("Sqrt", square)), net.weight(256, 1, 1))
        return net.op("Add", y, net.weight(256, 1, 1), out=out)

    x = net.encoder(net.patches(special=0), 768)
    x = net.op("Transpose", net.op("Reshape", x, net.numbers([0, 14, 14, 768])), perm=[0, 3, 1, 2])
    x = norm(net.conv(x, 768, 256, act=None))
    x = norm(net.conv(x, 256, 256, 3, act=None), out="embedding")
    return Case(net.model(x), "embedding", (256, 14, 14), role="output")


CASES = (
    vit_with_registers,
    channels_last,
    tensorflow_reshape,
    squeeze_excite_resnet,
    mlp_mixer,
    vgg_adaptive,
    video_frames,
    judged_frames,
    judged_crops,
    integer_convolutions,
    half_precision,
    lenet,
    time_series,
    promptable_encoder,
)
