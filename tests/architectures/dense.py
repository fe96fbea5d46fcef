"""Answers for every place: masks, letters, boxes."""

from architectures.convolutional import MAP, backbone
from architectures.net import Case, Net
from architectures.others import pyramid


def text_recogniser():
    """A line of text of any width: convolutions, two recurrences, a letter a column."""
    net = Net()
    x = net.input("line", ["N", 3, 32, "W"])
    for c, to in ((3, 64), (64, 128), (128, 256), (256, 512)):
        size = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2 if c == 3 else 1]}
        x = net.op("Relu", net.op("Conv", x, net.weight(to, c, 3, 3), **size))
    x = net.op("ReduceMean", x, axes=[2], keepdims=0)
    x = net.op("Transpose", x, perm=[2, 0, 1])
    for c in (512, 512):
        w, r = net.weight(2, 1024, c), net.weight(2, 1024, 256)
        y = net.op("LSTM", x, w, r, hidden_size=256, direction="bidirectional")
        y = net.op("Transpose", y, perm=[0, 2, 1, 3])
        x = net.op("Reshape", y, net.numbers([0, 0, -1]), out=f"columns{len(net.nodes)}")
    last = x
    y = net.op("Softmax", net.linear(x, 512, 6625), axis=2)
    return Case(net.model(y), last, (None, 512), role="penultimate")


def text_decoder():
    """The letters themselves come out: the best of each column."""
    net = Net()
    x = net.conv(net.input("line", [1, 1, 32, 256]), 1, 256, 3, 8)
    x = net.op("ReduceMean", x, axes=[2], keepdims=0)
    x = net.op("Transpose", net.op("Squeeze", x, net.numbers([0])), perm=[1, 0])
    x = net.linear(x, 256, 512, "Relu", out="columns")
    y = net.op("ArgMax", net.linear(x, 512, 6625), axis=1, keepdims=0)
    y = net.op("Unsqueeze", net.op("Cast", y, to=1), net.numbers([0]))
    return Case(net.model(y), "columns", (32, 512), role="penultimate")


def deeplab():
    """Segmentation; a pooled branch is put back to the size of the map, the answer to the input's."""
    net = Net()
    image = net.input("image", ["N", 3, 224, 224])
    x = backbone(net, image)
    size = net.op("Slice", net.op("Shape", x), *(net.numbers([n]) for n in (2, 4, 0)))
    pooled = net.conv(net.op("GlobalAveragePool", x), 512, 256)
    front = net.op("Slice", net.op("Shape", pooled), *(net.numbers([n]) for n in (0, 2, 0)))
    pooled = net.op("Resize", pooled, "", "", net.op("Concat", front, size, axis=0))
    parts = [net.conv(x, 512, 256), net.conv(x, 512, 256, 3), pooled]
    x = net.conv(net.op("Concat", *parts, axis=1), 768, 256, out="fused")
    y = net.conv(x, 256, 21, act=None)
    full = net.op("Slice", net.op("Shape", image), *(net.numbers([n]) for n in (2, 4, 0)))
    front = net.op("Slice", net.op("Shape", y), *(net.numbers([n]) for n in (0, 2, 0)))
    shape = net.op("Concat", front, full, axis=0)
    y = net.op("Resize", y, "", "", shape, mode="linear")
    return Case(net.model(y), "fused", (256, 7, 7), role="penultimate")


def denoiser():
    """The answer is the picture less what the network saw in it."""
    net = Net()
    image = net.input("image", ["N", 3, 64, 64])
    x = net.conv(image, 3, 64, 3)
    for i in range(4):
        x = net.conv(x, 64, 64, 3, out=f"relu{i}")
    y = net.op("Sub", image, net.conv(x, 64, 3, 3, act=None))
    return Case(net.model(y), None, ambiguous=True, tips=("relu3",))


def depth_map():
    """A dense answer behind an activation, as positive numbers are made."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    up = {"kernel_shape": [8, 8], "strides": [8, 8]}
    x = net.op("Relu", net.op("ConvTranspose", x, net.weight(512, 64, 8, 8), **up), out="up")
    y = net.conv(x, 64, 1, 3)
    return Case(net.model(y), "up", (64, 56, 56), role="penultimate")


def flattened_answers():
    """A score for every place, from separable convolutions, laid out in a row."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    y = net.conv(net.conv(x, 512, 1, act=None), 1, 1, 3, act=None)
    y = net.op("Reshape", net.op("Transpose", y, perm=[0, 2, 3, 1]), net.numbers([0, -1, 1]))
    return Case(net.model(net.op("Sigmoid", y)), "map", MAP, role="penultimate")


def decoupled_detector():
    """Boxes as distributions over distances (YOLOv8), decoded in the graph; one output."""
    net = Net()
    answers = []
    for x, c in pyramid(net):
        ends = [net.conv(net.conv(x, c, 64, 3), 64, to, act=None) for to in (64, 80)]
        y = net.op("Concat", *ends, axis=1)
        answers.append(net.op("Reshape", y, net.numbers([0, 144, -1])))
    whole = net.op("Concat", *answers, axis=2)
    boxes, scores = net.split(whole, 64, 80)
    boxes = net.op("Softmax", net.op("Reshape", boxes, net.numbers([0, 4, 16, -1])), axis=2)
    boxes = net.op(
        "ReduceSum", net.op("Mul", boxes, net.weight(1, 1, 16, 1)), net.numbers([2]), keepdims=0
    )
    y = net.op("Concat", boxes, net.op("Sigmoid", scores), axis=1)
    return Case(net.model(y), None, ambiguous=True, tips=("top64", "top128", "down256"))


def super_resolution():
    """What stands for four pixels is laid out beside each other: the same numbers."""
    net = Net()
    first = net.conv(net.input("image", ["N", 3, 24, 24]), 3, 32, 3)
    x = net.op("Add", first, net.conv(net.conv(first, 32, 32, 3), 32, 32, 3), out="seen")
    y = net.op("DepthToSpace", net.conv(x, 32, 12, 3, act=None), blocksize=2)
    return Case(net.model(y), "seen", (32, 24, 24), role="penultimate")


def parts():
    """A person in four stripes, each judged by layers of its own; a score for each."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    x = net.op("AveragePool", x, kernel_shape=[1, 7], out="stripes")
    ends = []
    for i in range(4):
        stripe = net.op("Slice", x, *(net.numbers([n]) for n in (i, i + 1, 2)))
        y = net.gemm(net.op("Flatten", net.conv(stripe, 512, 64)), 64, 9)
        ends.append(net.op("Unsqueeze", y, net.numbers([1])))
    y = net.op("Concat", *ends, axis=1)
    return Case(net.model(y), "stripes", (512, 7, 1), role="penultimate")


def two_judged_apart():
    """Classes from a fine and a coarse map, added up (LR-ASPP): what is known lies before each."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 64, 3, 8, out="fine")
    deep = x
    for i in range(3):
        deep = net.conv(deep, 64, 64, 3, 1, out=f"deep{i}")
    up = net.op("Mul", deep, net.op("Sigmoid", net.conv(deep, 64, 64, act=None)), out="coarse")
    y = net.op("Add", net.conv(x, 64, 5, act=None), net.conv(up, 64, 5, act=None))
    return Case(net.model(y), None, ambiguous=True, tips=("fine", "coarse"))


def peaks():
    """A map of chances of which only the peaks are kept, in percent."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    y = net.op("Sigmoid", net.conv(x, 512, 80, act=None))
    around = net.op("MaxPool", y, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    peak = net.op("Cast", net.op("Equal", around, y), to=1)
    y = net.op("Mul", net.op("Mul", y, peak), net.number(100.0))
    return Case(net.model(y), "map", MAP, role="penultimate")


def rounded_answers():
    """A mask whose numbers are rounded for a quantised network: an answer all the same."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 16, 3, out="seen")
    scale, zero = net.number(0.1), net.numbers(0, "int8")
    y = net.op("QuantizeLinear", net.conv(x, 16, 12, act=None), scale, zero)
    return Case(
        net.model(net.op("DequantizeLinear", y, scale, zero)),
        "seen",
        (16, 64, 64),
        role="penultimate",
    )


def scaled_when_run():
    """The last layer multiplies whole numbers, whose scale is taken from them when the model runs."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 16, 3, out="seen")
    rounded, scale, zero = net.rounded(x)
    kernel = net.numbers([[[[1]]] * 16] * 12, "uint8")
    y = net.op("Cast", net.op("ConvInteger", rounded, kernel, zero, net.numbers(0, "uint8")), to=1)
    y = net.op("Mul", y, net.op("Mul", scale, net.number(0.1)))
    y = net.op("Add", y, net.weight(1, 12, 1, 1))
    return Case(net.model(y), "seen", (16, 64, 64), role="penultimate")


CASES = (
    super_resolution,
    rounded_answers,
    scaled_when_run,
    parts,
    two_judged_apart,
    peaks,
    text_recogniser,
    text_decoder,
    deeplab,
    denoiser,
    depth_map,
    flattened_answers,
    decoupled_detector,
)
