"""Networks that the rules of the pick were not written for: what was expected was fixed first."""

import numpy as np
from onnx import TensorProto

from architectures.convolutional import MAP, resnet_block
from architectures.net import INT64, Case, Net
from architectures.others import pyramid


def backbone(net, x, out="map"):
    """A residual network from ``(3, 224, 224)`` to ``(512, 7, 7)``."""
    x = net.conv(x, 3, 64, 7, 4)
    for c, to in ((64, 128), (128, 256)):
        x = resnet_block(net, x, c, to, None)
    return resnet_block(net, x, 256, 512, out)


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


def attentive_statistics():
    """Weighted mean and deviation over time, the weights from the map itself."""
    net = Net()
    x = net.input("sound", ["N", 80, "T"])
    for c, to in ((80, 512), (512, 1536)):
        x = net.op("Relu", net.op("Conv", x, net.weight(to, c, 3), kernel_shape=[3], pads=[1, 1]))
    x = net.batch_norm(x, 1536, out="norm")
    a = net.op("Tanh", net.op("Conv", x, net.weight(128, 1536, 1), kernel_shape=[1]))
    a = net.op("Softmax", net.op("Conv", a, net.weight(1536, 128, 1), kernel_shape=[1]), axis=2)
    axis = net.numbers([2])
    mean = net.op("ReduceSum", net.op("Mul", a, x), axis, keepdims=0)
    square = net.op("ReduceSum", net.op("Mul", a, net.op("Mul", x, x)), axis, keepdims=0)
    spread = net.op("Sqrt", net.op("Sub", square, net.op("Mul", mean, mean)))
    y = net.op("Concat", mean, spread, axis=1)
    return Case(net.model(net.gemm(y, 3072, 192)), "norm", (1536, None))


def attentive_mean():
    """The same, but only the weighted mean: the map is read for nothing else."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 256, 3, 8)
    x = net.conv(x, 256, 512, 3, out="map")
    flat = net.op("Reshape", x, net.numbers([0, 512, -1]))
    a = net.op("Conv", flat, net.weight(1, 512, 1), kernel_shape=[1])
    weighed = net.op("Mul", flat, net.op("Softmax", a, axis=2))
    y = net.op("ReduceSum", weighed, net.numbers([2]), keepdims=0)
    return Case(net.model(net.gemm(y, 512, 100)), "map", (512, 8, 8))


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


def class_attention():
    """CaiT: only a class token attends, twice, to tokens that no longer change."""
    net = Net()
    x = net.encoder(net.patches(384, special=0), 384, out="tokens")
    batch = net.op("Slice", net.op("Shape", x), *(net.numbers([n]) for n in (0, 1, 0)))
    shape = net.op("Concat", batch, net.numbers([1, 384]), axis=0)
    token = net.op("Expand", net.weight(1, 1, 384), shape)
    for _ in range(2):
        both = net.layer_norm(net.op("Concat", token, x, axis=1), 384)
        q = net.linear(net.op("Gather", both, net.numbers([0]), axis=1), 384, 384)
        k, v = net.linear(both, 384, 384), net.linear(both, 384, 384)
        scores = net.op("Softmax", net.op("MatMul", q, net.op("Transpose", k, perm=[0, 2, 1])))
        token = net.op("Add", token, net.linear(net.op("MatMul", scores, v), 384, 384))
    y = net.op("Squeeze", token, net.numbers([1]))
    return Case(net.model(net.gemm(y, 384, 1000)), "tokens", (196, 384))


def siamese():
    """Two pictures through the same weights, then their difference."""
    net = Net()
    ends = []
    for name in ("left", "right"):
        x = net.conv(net.input(name, ["N", 3, 112, 112]), 3, 64, 3, 4)
        x = net.conv(x, 64, 512, 3, 4, out=f"{name}_map")
        ends.append(net.gemm(net.op("Flatten", net.op("GlobalAveragePool", x)), 512, 128))
    y = net.op("Sigmoid", net.gemm(net.op("Abs", net.op("Sub", *ends)), 128, 1))
    return Case(net.model(y), "left_map", MAP)


def video_frames():
    """Frames are put into the batch, pooled, and taken out again: the tokens are frames."""
    net = Net()
    x = net.input("clip", ["N", 8, 3, 224, 224])
    x = backbone(net, net.op("Reshape", x, net.numbers([-1, 3, 224, 224])))
    y = net.op("Flatten", net.op("GlobalAveragePool", x))
    y = net.op("Reshape", y, net.numbers([-1, 8, 512]), out="frames")
    y = net.op("ReduceMean", y, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(y, 512, 400)), "frames", (8, 512))


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


def text_classifier():
    """The mask is made of the ids themselves; a pooler reads the first token."""
    net = Net()
    ids = net.input("ids", ["N", "S"], INT64)
    x = net.op("Gather", net.weight(30000, 384), ids)
    pad = net.op("Cast", net.op("Equal", ids, net.numbers(0)), to=1)
    bias = net.op("Unsqueeze", net.op("Mul", pad, net.number(-1e4)), net.numbers([1, 2]))
    for i in range(3):
        x = net.layer_norm(net.op("Add", x, net.attention(x, 384, bias=bias)), 384)
        y = net.linear(net.linear(x, 384, 1536, "Relu"), 1536, 384)
        x = net.layer_norm(net.op("Add", x, y), 384, out=f"norm{i}")
    y = net.op("Tanh", net.gemm(net.op("Gather", x, net.numbers(0), axis=1), 384, 384))
    return Case(net.model(net.gemm(y, 384, 2)), "norm2", (None, 384))


def clip_text():
    """The token to read is where the ids are largest."""
    net = Net()
    ids = net.input("ids", ["N", 77], INT64)
    x = net.op("Add", net.op("Gather", net.weight(49408, 512), ids), net.weight(77, 512))
    x = net.op("Add", x, net.attention(net.layer_norm(x, 512), 512, heads=8))
    x = net.op(
        "Add", x, net.linear(net.linear(net.layer_norm(x, 512), 512, 2048, "Relu"), 2048, 512)
    )
    x = net.layer_norm(x, 512, out="norm")
    at = net.op("ArgMax", ids, axis=1, keepdims=1)
    y = net.op("GatherND", x, at, batch_dims=1)
    return Case(net.model(net.unit(net.op("MatMul", y, net.weight(512, 512)))), "norm", (77, 512))


def bilinear():
    """Second-order pooling: the map times itself."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    flat = net.op("Reshape", x, net.numbers([0, 512, -1]))
    y = net.op("MatMul", flat, net.op("Transpose", flat, perm=[0, 2, 1]))
    y = net.unit(net.op("Reshape", y, net.numbers([0, -1])))
    return Case(net.model(net.gemm(y, 512 * 512, 200)), "map", MAP)


def netvlad():
    """Residuals to 64 centres, summed over places, softly assigned."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    a = net.op(
        "Softmax",
        net.op("Reshape", net.conv(x, 512, 64, act=None), net.numbers([0, 64, -1])),
        axis=1,
    )
    flat = net.op("Transpose", net.op("Reshape", x, net.numbers([0, 512, -1])), perm=[0, 2, 1])
    sums = net.op("MatMul", a, flat)
    mass = net.op("ReduceSum", a, net.numbers([2]), keepdims=1)
    y = net.op("Sub", sums, net.op("Mul", mass, net.weight(64, 512)))
    y = net.unit(net.op("Reshape", net.unit(y), net.numbers([0, -1])))
    return Case(net.model(net.gemm(y, 32768, 4096)), "map", MAP)


def denoiser():
    """The answer is the picture less what the network saw in it."""
    net = Net()
    image = net.input("image", ["N", 3, 64, 64])
    x = net.conv(image, 3, 64, 3)
    for i in range(4):
        x = net.conv(x, 64, 64, 3, out=f"relu{i}")
    y = net.op("Sub", image, net.conv(x, 64, 3, 3, act=None))
    return Case(net.model(y), None, ambiguous=True, tips=("relu3",))


def half_precision():
    net = Net()
    x = net.op("Cast", net.input("image", ["N", 3, 112, 112]), to=TensorProto.FLOAT16)
    weights = [net.op("Cast", net.weight(to, c, 3, 3), to=10) for c, to in ((3, 64), (64, 512))]
    for w in weights:
        y = net.op("Conv", x, w, kernel_shape=[3, 3], strides=[4, 4], pads=[1] * 4)
        x = net.op("Relu", y, out=f"relu{len(net.nodes)}")
    y = net.op("Cast", net.op("Flatten", net.op("GlobalAveragePool", x)), to=1)
    return Case(net.model(net.gemm(y, 512, 10)), x, MAP)


def auxiliary_head():
    """A second classifier half way, for training, left in the file."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 64, 3, 4)
    for i in range(9):
        x = net.conv(x, 64, 64, 3, out=f"relu{i}")
        if i == 2:
            aside = net.classify(x, 64, 10)
    return Case(net.model(net.classify(x, 64, 10), aside), "relu8", (64, 16, 16), ambiguous=True)


def centernet():
    """Three dense answers from one map."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    up = {"kernel_shape": [2, 2], "strides": [2, 2]}
    for c, to in ((512, 256), (256, 64)):
        x = net.op("ConvTranspose", x, net.weight(c, to, 2, 2), **up)
        x = net.op("Relu", net.batch_norm(x, to), out=f"up{to}")
    ends = [net.conv(net.conv(x, 64, 64, 3), 64, to, act=None) for to in (80, 2, 2)]
    return Case(net.model(*ends), "up64", (64, 28, 28), role="shared")


def detr():
    """Queries read the encoder's tokens in every layer; both heads read the queries."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    x = net.op("Reshape", net.conv(x, 512, 256, act=None), net.numbers([0, 256, -1]))
    memory = net.encoder(net.op("Transpose", x, perm=[0, 2, 1]), 256, 2, heads=8)
    q = net.weight(1, 100, 256)
    for _ in range(3):
        k, v = net.linear(memory, 256, 256), net.linear(memory, 256, 256)
        scores = net.op("MatMul", net.linear(q, 256, 256), net.op("Transpose", k, perm=[0, 2, 1]))
        q = net.op("Add", q, net.linear(net.op("MatMul", net.op("Softmax", scores), v), 256, 256))
    q = net.layer_norm(q, 256, out="queries")
    boxes = net.op("Sigmoid", net.linear(net.linear(q, 256, 256, "Relu"), 256, 4))
    return Case(net.model(net.linear(q, 256, 92), boxes), "queries", (100, 256), role="shared")


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


def text_own_mask():
    """The mean leaves padding out, which is where the ids are zero."""
    net = Net()
    ids = net.input("ids", ["N", "S"], INT64)
    x = net.op("Gather", net.weight(30000, 384), ids)
    x = net.layer_norm(net.op("Add", x, net.attention(x, 384)), 384, out="norm")
    keep = net.op("Cast", net.op("Not", net.op("Equal", ids, net.numbers(0))), to=1)
    keep = net.op("Unsqueeze", keep, net.numbers([2]))
    axis = net.numbers([1])
    total = net.op("ReduceSum", net.op("Mul", x, keep), axis, keepdims=0)
    y = net.op("Div", total, net.op("ReduceSum", keep, axis, keepdims=0))
    return Case(net.model(net.unit(y)), "norm", (None, 384))


def depth_map():
    """A dense answer behind an activation, as positive numbers are made."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    up = {"kernel_shape": [8, 8], "strides": [8, 8]}
    x = net.op("Relu", net.op("ConvTranspose", x, net.weight(512, 64, 8, 8), **up), out="up")
    y = net.conv(x, 64, 1, 3)
    return Case(net.model(y), "up", (64, 56, 56), role="penultimate")


def power_without_root():
    """A power that no root takes back is an activation like any other."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    x = net.op("Pow", x, net.number(2.0), out="energy")
    return Case(net.model(net.classify(x, 512)), "energy", MAP)


def scaled_channels():
    """A learnt scale of every channel is no mask."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]), out=None)
    x = net.op("Mul", x, net.weight(512, 1, 1), out="scaled")
    return Case(net.model(net.classify(x, 512)), "scaled", MAP)


def generated_then_judged():
    """A map made of a vector: stepping back over its Reshape would lose it."""
    net = Net()
    x = net.op("Relu", net.gemm(net.input("code", ["N", 64]), 64, 512 * 49))
    x = net.op("Reshape", x, net.numbers([-1, 512, 7, 7]), out="map")
    return Case(net.model(net.classify(x, 512)), "map", MAP)


def inception_bias():
    """A bias after a concatenation is no position embedding."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 64, 64]), 3, 64, 3, 8)
    x = net.op("Concat", x, net.op("ReduceMean", x, axes=[1]), axis=1)
    x = net.op("Add", x, net.weight(1, 65, 1, 1), out="shifted")
    return Case(net.model(net.classify(x, 65)), "shifted", (65, 8, 8))


def attention_without_weights():
    """Tokens that look at each other and are added to themselves keep their places."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(384), 384), 384)
    scores = net.op("MatMul", x, net.op("Transpose", x, perm=[0, 2, 1]))
    x = net.op("Add", x, net.op("MatMul", net.op("Softmax", scores), x), out="seen")
    y = net.op("ReduceMean", x, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(y, 384, 1000)), "seen", (197, 384))


def four_queries():
    """Queries sum tokens up, and layers follow: their answers are the last with a structure."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(384), 384), 384)
    scores = net.op("MatMul", net.weight(1, 4, 384), net.op("Transpose", x, perm=[0, 2, 1]))
    y = net.op("MatMul", net.op("Softmax", scores), x)
    y = net.layer_norm(net.linear(y, 384, 384), 384, out="answers")
    y = net.gemm(net.op("Flatten", y), 4 * 384, 128)
    return Case(net.model(y), "answers", (4, 384))


def row_and_picture():
    """The longer way decides which input is the main one, not the order of the inputs."""
    net = Net()
    row = net.op("Relu", net.gemm(net.input("row", ["N", 10]), 10, 16))
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    return Case(net.model(net.gemm(net.op("Concat", row, x, axis=1), 528, 2)), "map", MAP)


def stages():
    """A backbone for detectors: the map of every stage comes out, none by itself is the answer."""
    net = Net()
    x, c = net.conv(net.input("image", ["N", 3, 224, 224]), 3, 64, 3, 4), 64
    ends = []
    for to in (128, 256, 512):
        x, c = net.conv(net.conv(x, c, to, 3, 2), to, to, 3, out=f"stage_{to}"), to
        ends.append(x)
    tips = ("stage_128", "stage_256", "stage_512")
    return Case(net.model(*ends), None, ambiguous=True, tips=tips)


def picture_and_text():
    """Two towers in one file, their answers multiplied: one is picked, the other offered."""
    net = Net()
    x = net.encoder(net.patches(), 768, out="vision")
    x = net.layer_norm(net.op("Gather", x, net.numbers(0), axis=1), 768)
    ids = net.input("ids", ["T", 77], INT64)
    t = net.op("Add", net.op("Gather", net.weight(49408, 512), ids), net.weight(77, 512))
    t = net.layer_norm(net.encoder(t, 512, 2, heads=8), 512, out="text")
    t = net.op("GatherND", t, net.op("ArgMax", ids, axis=1, keepdims=1), batch_dims=1)
    x, t = (net.unit(net.op("MatMul", y, net.weight(c, 512))) for y, c in ((x, 768), (t, 512)))
    y = net.op("Mul", net.op("MatMul", x, net.op("Transpose", t, perm=[1, 0])), net.number(100.0))
    return Case(net.model(y), "vision", (197, 768), tips=("text",))


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


def time_series():
    """Keras: time first inside the recurrence, batch first outside; the last state is read."""
    net = Net()
    x = net.op("Transpose", net.input("steps", ["N", 50, 16]), perm=[1, 0, 2])
    y = net.op("GRU", x, net.weight(1, 96, 16), net.weight(1, 96, 32), hidden_size=32)
    y = net.op("Transpose", net.op("Squeeze", y, net.numbers([1])), perm=[1, 0, 2], out="states")
    last = net.op("Gather", y, net.numbers(-1), axis=1)
    return Case(net.model(net.gemm(last, 32, 4)), "states", (50, 32))


CASES = (
    stages,
    picture_and_text,
    promptable_encoder,
    time_series,
    text_own_mask,
    depth_map,
    power_without_root,
    scaled_channels,
    generated_then_judged,
    inception_bias,
    attention_without_weights,
    four_queries,
    row_and_picture,
    vit_with_registers,
    channels_last,
    tensorflow_reshape,
    squeeze_excite_resnet,
    attentive_statistics,
    attentive_mean,
    text_recogniser,
    text_decoder,
    deeplab,
    mlp_mixer,
    vgg_adaptive,
    class_attention,
    siamese,
    video_frames,
    integer_convolutions,
    text_classifier,
    clip_text,
    bilinear,
    netvlad,
    denoiser,
    half_precision,
    auxiliary_head,
    centernet,
    detr,
    lenet,
    flattened_answers,
    decoupled_detector,
)
