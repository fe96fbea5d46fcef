"""Dense answers, bottlenecks, sound, tables, detectors."""

from architectures.net import Case, Net


def unet():
    net = Net()
    x = net.input("image", ["N", 3, 256, 256])
    c, skips = 3, []
    for to in (64, 128, 256):
        x = net.conv(net.conv(x, c, to, 3), to, to, 3)
        skips.append((x, to))
        x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        c = to
    x, c = net.conv(x, 256, 512, 3), 512
    for skip, to in reversed(skips):
        up = {"kernel_shape": [2, 2], "strides": [2, 2]}
        x = net.op("ConvTranspose", x, net.weight(c, to, 2, 2), **up)
        x = net.conv(net.op("Concat", x, skip, axis=1), 2 * to, to, 3, out=f"up{to}")
        c = to
    y = net.conv(x, 64, 2, act=None)
    return Case(net.model(y), "up64", (64, 256, 256), role="penultimate")


def autoencoder():
    net = Net()
    image = net.input("image", ["N", 1, 28, 28])
    x = net.conv(net.conv(image, 1, 32, 3, 2), 32, 64, 3, 2, out="map")
    y = net.gemm(net.gemm(net.op("Flatten", x), 3136, 16), 16, 3136)
    y = net.op("Reshape", y, net.numbers([-1, 64, 7, 7]))
    y = net.op("ConvTranspose", y, net.weight(64, 1, 4, 4), kernel_shape=[4, 4], strides=[4, 4])
    return Case(net.model(y), "map", (64, 7, 7), role="interior-bottleneck")


def table_mlp():
    net = Net()
    x = net.op("Relu", net.gemm(net.input("row", ["N", 30]), 30, 64))
    x = net.op("Relu", net.gemm(x, 64, 32), out="hidden")
    y = net.op("Softmax", net.gemm(x, 32, 3), axis=-1)
    return Case(net.model(y), "hidden", (32,), role="penultimate")


def speaker_statistics():
    """Mean and standard deviation over time, of any length."""
    net = Net()
    x = net.input("sound", ["N", 80, "T"])
    for c, to in ((80, 512), (512, 512), (512, 1536)):
        y = net.op("Conv", x, net.weight(to, c, 3), kernel_shape=[3], pads=[1, 1])
        x = net.op("Relu", y, out=f"conv{to}{c}")
    mean = net.op("ReduceMean", x, axes=[2])
    square = net.op("Pow", net.op("Sub", x, mean), net.number(2.0))
    spread = net.op("Sqrt", net.op("ReduceMean", square, axes=[2]))
    y = net.op("Flatten", net.op("Concat", mean, spread, axis=1))
    return Case(net.model(net.gemm(y, 3072, 192)), "conv1536512", (1536, None))


def pyramid(net):
    """Three scales of a small detector: the names and channels of its maps."""
    x = net.conv(net.input("image", ["N", 3, 256, 256]), 3, 32, 3, 4)
    maps, c = [], 32
    for to in (64, 128, 256):
        x = net.conv(net.conv(x, c, to, 3, 2), to, to, 3, out=f"down{to}")
        maps.append((x, to))
        c = to
    up, _ = maps[2]
    tops = [(up, 256)]
    for below, to in reversed(maps[:2]):
        scales = net.numbers([1, 1, 2, 2], "float32")
        up = net.op("Resize", net.conv(up, 2 * to, to), "", scales)
        up = net.conv(net.op("Concat", up, below, axis=1), 2 * to, to, 3, out=f"top{to}")
        tops.append((up, to))
    return tops


def yolo():
    """One output, the answers of three scales put together."""
    net = Net()
    answers = []
    for x, c in pyramid(net):
        y = net.conv(net.conv(x, c, c, 3, out=f"head{c}"), c, 85, act=None)
        answers.append(net.op("Reshape", y, net.numbers([0, 85, -1])))
    y = net.op("Transpose", net.op("Concat", *answers, axis=2), perm=[0, 2, 1])
    return Case(net.model(y), None, ambiguous=True, tips=("head64", "head128", "head256"))


def ssd():
    """Boxes and classes, each from all scales."""
    net = Net()
    tops, ends = pyramid(net), []
    for each in (4, 21):
        parts = []
        for x, c in tops:
            y = net.op("Transpose", net.conv(x, c, 6 * each, 3, act=None), perm=[0, 2, 3, 1])
            parts.append(net.op("Reshape", y, net.numbers([0, -1, each])))
        ends.append(net.op("Concat", *parts, axis=1))
    return Case(net.model(*ends), None, ambiguous=True, tips=("top64", "top128", "down256"))


CASES = (unet, autoencoder, table_mlp, speaker_statistics, yolo, ssd)
