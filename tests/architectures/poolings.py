"""Ways of summing a map up: attentive, of second order, by queries, and what only looks alike."""

from onnx import helper

from architectures.convolutional import MAP, backbone
from architectures.net import Case, Net


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


def four_queries():
    """Queries sum tokens up, and layers follow: their answers are the last with a structure."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(384), 384), 384)
    scores = net.op("MatMul", net.weight(1, 4, 384), net.op("Transpose", x, perm=[0, 2, 1]))
    y = net.op("MatMul", net.op("Softmax", scores), x)
    y = net.layer_norm(net.linear(y, 384, 384), 384, out="answers")
    y = net.gemm(net.op("Flatten", y), 4 * 384, 128)
    return Case(net.model(y), "answers", (4, 384))


def bilinear():
    """Second-order pooling: the map times itself."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    flat = net.op("Reshape", x, net.numbers([0, 512, -1]))
    y = net.op("MatMul", flat, net.op("Transpose", flat, perm=[0, 2, 1]))
    y = net.unit(net.op("Reshape", y, net.numbers([0, -1])))
    return Case(net.model(net.gemm(y, 512 * 512, 200)), "map", MAP)


def rounded_bilinear():
    """The same in whole numbers: their scales are no weights that would make a layer of the product."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    grid = (net.number(0.1), net.numbers(0, "uint8"))
    flat = net.op("Reshape", net.op("QuantizeLinear", x, *grid), net.numbers([0, 512, -1]))
    turned = net.op("Transpose", flat, perm=[0, 2, 1])
    y = net.op("QLinearMatMul", flat, *grid, turned, *grid, *grid)
    y = net.op("DequantizeLinear", net.op("Reshape", y, net.numbers([0, -1])), *grid)
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


def generated_then_judged():
    """A map made of a vector: stepping back over its Reshape would lose it."""
    net = Net()
    x = net.op("Relu", net.gemm(net.input("code", ["N", 64]), 64, 512 * 49))
    x = net.op("Reshape", x, net.numbers([-1, 512, 7, 7]), out="map")
    return Case(net.model(net.classify(x, 512)), "map", MAP)


def windows():
    """Windows that are put together again before the mean: no map of places within places."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 256, 256]), out=None)
    x = net.op("Transpose", x, perm=[0, 2, 3, 1])
    x = net.op("Reshape", x, net.numbers([0, 2, 4, 2, 4, 512]))
    x = net.linear(net.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5]), 512, 512)
    x = net.op("Transpose", x, perm=[0, 5, 1, 3, 2, 4])
    x = net.op("Reshape", x, net.numbers([0, 512, 8, 8]), out="whole")
    return Case(net.model(net.classify(x, 512)), "whole", (512, 8, 8))


def projected_tokens():
    """Every token is projected to the answer, and the first is kept: before that more is known."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(192), 192, 1), 192, out="tokens")
    y = net.op("Gather", net.linear(x, 192, 10), net.numbers(0), axis=1)
    return Case(net.model(y), "tokens", (197, 192), role="class-map")


def pooled_scores(classes, act=None):
    """A score for each class at each place, then pooled."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    return net, net.conv(x, 512, classes, act=act)


def many_scores():
    """The layer is straight: it could as well come after the pooling, as a classifier does."""
    net, y = pooled_scores(1000)
    y = net.op("Flatten", net.op("GlobalAveragePool", y))
    return Case(net.model(y), "map", MAP, role="class-map")


def rounded_scores():
    """The same in a quantised network."""
    net = Net()
    grid = (net.number(0.1), net.numbers(0, "int8"))

    def rounded(x):
        return net.op("DequantizeLinear", net.op("QuantizeLinear", x, *grid), *grid)

    x = rounded(backbone(net, net.input("image", ["N", 3, 224, 224])))
    y = net.op("Flatten", net.op("GlobalAveragePool", rounded(net.conv(x, 512, 1000, act=None))))
    return Case(net.model(y), "map", MAP, role="class-map")


def few_scores():
    """Bent, but so few that more is known before (SqueezeNet for ten classes)."""
    net, y = pooled_scores(10, "Relu")
    y = net.op("Flatten", net.op("GlobalAveragePool", y))
    return Case(net.model(y), "map", MAP, role="class-map")


def best_places():
    """The mean of the four highest scores of each class."""
    net, y = pooled_scores(200)
    y = net.op("Reshape", y, net.numbers([0, 200, -1]))
    net.nodes.append(helper.make_node("TopK", [y, net.numbers([4])], ["best", "where"]))
    y = net.op("ReduceMean", "best", axes=[2], keepdims=0)
    return Case(net.model(y), "map", MAP, role="class-map")


def experts():
    """Four answers, weighed by a gate: a stack of vectors has no places."""
    net = Net()
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    y = net.op("Flatten", net.op("GlobalAveragePool", x))
    gate = net.op("Unsqueeze", net.op("Softmax", net.gemm(y, 512, 4)), net.numbers([2]))
    rows = [net.op("Unsqueeze", net.gemm(y, 512, 10), net.numbers([1])) for _ in range(4)]
    y = net.op("Mul", net.op("Concat", *rows, axis=1), gate)
    y = net.op("ReduceSum", y, net.numbers([1]), keepdims=0)
    return Case(net.model(y), "map", MAP)


def ordinal():
    """A pair of chances for each year (Niu et al. 2016): a vector cut into rows has no places."""
    net = Net()
    y = net.classify(backbone(net, net.input("image", ["N", 3, 224, 224])), 512, 200)
    y = net.op("Softmax", net.op("Reshape", y, net.numbers([-1, 100, 2])), axis=-1)
    y = net.op("Gather", y, net.numbers(1), axis=2)
    return Case(net.model(net.op("ReduceSum", y, net.numbers([1]), keepdims=1)), "map", MAP)


def class_queries():
    """A query a class, and weights of its own for what it finds (Liu et al. 2021, arXiv:2107.10834)."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(384), 384), 384)
    scores = net.op("MatMul", net.weight(1, 20, 384), net.op("Transpose", x, perm=[0, 2, 1]))
    y = net.linear(net.op("MatMul", net.op("Softmax", scores), x), 384, 384, "Relu", out="found")
    y = net.op("ReduceSum", net.op("Mul", y, net.weight(20, 384)), net.numbers([2]), keepdims=0)
    return Case(net.model(y), "found", (20, 384))


CASES = (
    many_scores,
    rounded_scores,
    few_scores,
    best_places,
    experts,
    ordinal,
    class_queries,
    windows,
    projected_tokens,
    attentive_statistics,
    attentive_mean,
    class_attention,
    four_queries,
    bilinear,
    rounded_bilinear,
    netvlad,
    power_without_root,
    scaled_channels,
    inception_bias,
    attention_without_weights,
    generated_then_judged,
)
