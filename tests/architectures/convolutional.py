"""Convolutional networks."""

from architectures.net import Case, Net

MAP = (512, 7, 7)


def resnet_block(net, x, c, to, out):
    stride = 1 if c == to else 2
    y = net.conv(net.conv(x, c, to, 3, stride), to, to, 3, act=None)
    skip = x if c == to and stride == 1 else net.conv(x, c, to, 1, stride, act=None)
    return net.op("Relu", net.op("Add", y, skip), out=out)


def arcface():
    """The origin's backbone: its hand-picked tensor is the BatchNormalization, not the Flatten."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 112, 112]), 3, 64, 3, act=None)
    c = 64
    for to in (64, 128, 256, 512):
        y = net.batch_norm(x, c)
        y = net.op("PRelu", net.conv(y, c, to, 3, act=None), net.weight(to, 1, 1))
        y = net.conv(y, to, to, 3, 2, act=None)
        x = net.op("Add", y, net.conv(x, c, to, 1, 2, act=None))
        c = to
    x = net.batch_norm(x, c, out="last_norm")
    y = net.batch_norm(net.gemm(net.op("Flatten", x), 25088, 512), 512)
    return Case(net.model(y), "last_norm", MAP)


def backbone(net, x, out="map"):
    """A residual network from ``(3, 224, 224)`` to ``(512, 7, 7)``."""
    x = net.conv(x, 3, 64, 7, 4)
    for c, to in ((64, 128), (128, 256)):
        x = resnet_block(net, x, c, to, None)
    return resnet_block(net, x, 256, 512, out)


def resnet():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 64, 7, 4)
    for c, to in ((64, 64), (64, 128), (128, 256), (256, 512)):
        x = resnet_block(net, x, c, to, f"stage_{to}")
    return Case(net.model(net.classify(x, 512)), "stage_512", MAP)


def mobilenet_v2():
    net = Net()
    low, high = net.number(0), net.number(6)
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 32, 3, 2, act=None)
    c = 32
    for to in (24, 40, 96, 320):
        y = net.op("Clip", net.conv(x, c, 6 * c, act=None), low, high)
        y = net.op("Clip", net.conv(y, 6 * c, 6 * c, 3, 2, 6 * c, act=None), low, high)
        x = net.conv(y, 6 * c, to, act=None)
        c = to
    x = net.op("Clip", net.conv(x, 320, 1280, act=None), low, high, out="last")
    return Case(net.model(net.classify(x, 1280)), "last", (1280, 7, 7))


def mobilenet_v3():
    """Squeeze-and-excite pools are no cuts."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 16, 3, 2, act="HardSwish")
    c = 16
    for to in (24, 40, 112, 160):
        y = net.conv(x, c, 4 * to, act="HardSwish")
        y = net.conv(y, 4 * to, 4 * to, 3, 2, 4 * to, "HardSwish")
        x = net.conv(net.squeeze_excite(y, 4 * to), 4 * to, to, act=None)
        c = to
    x = net.conv(x, 160, 960, act="HardSwish", out="last")
    y = net.conv(net.op("GlobalAveragePool", x), 960, 1280, act="HardSwish")
    return Case(net.model(net.gemm(net.op("Flatten", y), 1280, 1000)), "last", (960, 7, 7))


def efficientnet():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 32, 3, 2, act="swish")
    c = 32
    for to in (24, 40, 112, 320):
        y = net.conv(x, c, 6 * c, act="swish")
        y = net.conv(y, 6 * c, 6 * c, 3, 2, 6 * c, "swish")
        x = net.conv(net.squeeze_excite(y, 6 * c), 6 * c, to, act=None)
        c = to
    x = net.conv(x, 320, 1280, act="swish", out="last")
    return Case(net.model(net.classify(x, 1280)), "last", (1280, 7, 7))


def convnext():
    """Pooled first, normalised after."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 96, 4, 4, act=None, pad=0)
    c = 96
    for stage in range(4):
        if stage:
            x, c = net.conv(x, c, 2 * c, 2, 2, act=None, pad=0), 2 * c
        y = net.conv(net.conv(x, c, 4 * c), 4 * c, c, act=None)
        x = net.op("Add", x, y, out=f"stage{stage}")
    y = net.op("Transpose", net.op("ReduceMean", x, axes=[2, 3]), perm=[0, 2, 3, 1])
    y = net.op("Flatten", net.layer_norm(y, c))
    return Case(net.model(net.gemm(y, c, 1000)), "stage3", (768, 7, 7))


def mobilefacenet():
    """A depthwise convolution over the whole map collapses it."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 112, 112]), 3, 64, 3, 2)
    for c, to in ((64, 128), (128, 128), (128, 512)):
        x = net.conv(x, c, to, 3, 2, out=f"conv{c}{to}")
    y = net.op("Flatten", net.conv(x, 512, 512, 7, group=512, act=None, pad=0))
    return Case(net.model(net.batch_norm(net.gemm(y, 512, 128), 128)), "conv128512", MAP)


def gem_pooling():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 2048, 3, 32, out="last")
    y = net.op("Pow", net.op("Clip", x, net.number(1e-6)), net.number(3.0))
    y = net.op("Pow", net.op("GlobalAveragePool", y), net.number(1 / 3))
    y = net.unit(net.gemm(net.op("Flatten", y), 2048, 512))
    return Case(net.model(y), "last", (2048, 7, 7))


def tensorflow_mean():
    """The mean over one axis after the other."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 2048, 3, 32, out="last")
    y = net.op("ReduceMean", net.op("ReduceMean", x, axes=[3], keepdims=0), axes=[2], keepdims=0)
    return Case(net.model(net.gemm(y, 2048, 1000)), "last", (2048, 7, 7))


def clip_resnet():
    """Attention pooling: positions added to a mean token and the map, position first."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 256, 3, 8)
    x = net.conv(net.conv(x, 256, 1024, 3, 2), 1024, 2048, 3, 2)
    for i in range(6):
        y = net.conv(net.conv(x, 2048, 512), 512, 2048, act=None)
        x = net.op("Relu", net.op("Add", x, y), out=f"block{i}")
    t = net.op("Reshape", x, net.numbers([0, 2048, -1]))
    t = net.op("Transpose", t, perm=[2, 0, 1])
    t = net.op("Concat", net.op("ReduceMean", t, axes=[0]), t, axis=0)
    t = net.op("Add", t, net.weight(50, 1, 2048))
    first = net.op("Slice", t, net.numbers([0]), net.numbers([1]), net.numbers([0]))
    q, k, v = (net.linear(y, 2048, 2048) for y in (first, t, t))
    q = net.op("Transpose", q, perm=[1, 0, 2])
    scores = net.op("MatMul", q, net.op("Transpose", k, perm=[1, 2, 0]))
    y = net.op("MatMul", net.op("Softmax", scores), net.op("Transpose", v, perm=[1, 0, 2]))
    y = net.op("Squeeze", net.linear(y, 2048, 1024), net.numbers([1]))
    return Case(net.model(y), "block5", (2048, 7, 7))


def slowfast():
    """Two streams that meet only as vectors."""
    net = Net()

    def conv(x, c, to, stride, out=None):
        size = {"kernel_shape": [3] * 3, "strides": [1, stride, stride], "pads": [1] * 6}
        return net.op("Relu", net.op("Conv", x, net.weight(to, c, 3, 3, 3), **size), out=out)

    fast = net.input("video", ["N", 3, 32, 224, 224])
    every = [net.numbers([n]) for n in (0, 32, 2, 4)]
    slow = net.op("Slice", fast, *every)
    slow = conv(conv(slow, 3, 64, 8), 64, 2048, 4, out="slow")
    fast = conv(conv(fast, 3, 8, 8), 8, 256, 4, out="fast")
    pooled = [net.op("GlobalAveragePool", x) for x in (slow, fast)]
    y = net.gemm(net.op("Flatten", net.op("Concat", *pooled, axis=1)), 2304, 400)
    return Case(net.model(y), None, ambiguous=True, tips=("slow", "fast"))


def age_and_embedding():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 112, 112]), 3, 512, 3, 16, out="last")
    face, age = net.gemm(net.op("Flatten", x), 25088, 512), net.classify(x, 512, 3)
    return Case(net.model(face, age), "last", MAP, role="shared")


def quantized():
    """Every convolution between QuantizeLinear and DequantizeLinear: the float tensor is picked."""
    net = Net()

    def rounded(x):
        scale, zero = net.number(0.1), net.numbers(0, "int8")
        return net.op("DequantizeLinear", net.op("QuantizeLinear", x, scale, zero), scale, zero)

    x = rounded(net.input("image", ["N", 3, 224, 224]))
    for c, to in ((3, 64), (64, 512)):
        x = rounded(net.conv(x, c, to, 3, 2 if c == 3 else 16, out=f"relu{to}"))
    y = rounded(net.op("Flatten", rounded(net.op("GlobalAveragePool", x))))
    return Case(net.model(net.gemm(y, 512, 1000)), "relu512", MAP)


CASES = (
    arcface,
    resnet,
    mobilenet_v2,
    mobilenet_v3,
    efficientnet,
    convnext,
    mobilefacenet,
    gem_pooling,
    tensorflow_mean,
    clip_resnet,
    slowfast,
    age_and_embedding,
    quantized,
)
