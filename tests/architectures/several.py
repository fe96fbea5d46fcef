"""Several inputs, several outputs, masks made of the input itself."""

from architectures.convolutional import MAP, backbone
from architectures.net import INT64, Case, Net


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


def row_and_picture():
    """The longer way decides which input is the main one, not the order of the inputs."""
    net = Net()
    row = net.op("Relu", net.gemm(net.input("row", ["N", 10]), 10, 16))
    x = backbone(net, net.input("image", ["N", 3, 224, 224]))
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    return Case(net.model(net.gemm(net.op("Concat", row, x, axis=1), 528, 2)), "map", MAP)


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


def query_masks():
    """Queries and masks from every scale of a backbone of tokens: all shared is its first stage.

    What carries everything is rearranged before the scales part (Mask2Former over Swin, Cheng et al.
    2022, arXiv:2112.01527).
    """
    net = Net()
    x = net.encoder(net.patches(64, special=0), 64, 1, heads=4)
    x = net.op("Transpose", net.op("Reshape", x, net.numbers([0, 14, 14, 64])), perm=[0, 3, 1, 2])
    fine = net.conv(x, 64, 64, act=None)
    for _ in range(9):
        x = net.conv(x, 64, 64, 3)
    x = net.op("Transpose", net.op("Reshape", x, net.numbers([0, 64, 196])), perm=[0, 2, 1])
    scores = net.op(
        "MatMul", net.linear(net.weight(1, 10, 64), 64, 64), net.op("Transpose", x, perm=[0, 2, 1])
    )
    q = net.layer_norm(net.op("MatMul", net.op("Softmax", scores), x), 64, out="queries")
    masks = net.op("MatMul", q, net.op("Reshape", fine, net.numbers([0, 64, 196])))
    return Case(net.model(net.linear(q, 64, 11), masks), None, ambiguous=True, tips=("queries",))


def _two_scales(scores):
    """Two convolutional branches that see the picture at two scales, and the scores of each."""
    net = Net()
    image = net.input("image", ["N", 3, 112, 112])
    ends = []
    for name, stride in (("fine", 4), ("coarse", 8)):
        x = net.conv(image, 3, 64, 3, stride)
        ends.append(net.classify(net.conv(x, 64, 256, 3, 2, out=name), 256, scores))
    return net, ends


def stacked_answers():
    """The scores of two branches on a new axis, averaged: two maps know more than any one tensor."""
    net, ends = _two_scales(1000)
    rows = [net.op("Unsqueeze", end, net.numbers([0])) for end in ends]
    y = net.op("ReduceMean", net.op("Concat", *rows, axis=0), axes=[0], keepdims=0)
    return Case(net.model(y), None, ambiguous=True, tips=("fine", "coarse"))


def stacked_then_judged():
    """A layer reads the stack: the branches' vectors are no answers, but no places either."""
    net, ends = _two_scales(16)
    rows = [net.op("Unsqueeze", end, net.numbers([1])) for end in ends]
    y = net.gemm(net.op("Flatten", net.op("Concat", *rows, axis=1)), 32, 16)
    return Case(net.model(y), None, ambiguous=True, tips=("fine", "coarse"))


def variational():
    """A mean and a spread of the latent come out beside the picture: all from one map."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 8, out="map")
    flat = net.op("Flatten", x)
    mean, spread = net.gemm(flat, 1024, 8), net.gemm(flat, 1024, 8)
    y = net.op("Reshape", net.gemm(mean, 8, 1024), net.numbers([-1, 64, 4, 4]))
    for c, to in ((64, 32), (32, 3)):
        size = {"kernel_shape": [2, 2], "strides": [2, 2]}
        y = net.op("Relu", net.op("ConvTranspose", y, net.weight(c, to, 2, 2), **size))
    return Case(net.model(y, mean, spread), "map", (64, 4, 4), role="interior-bottleneck")


def ensemble():
    """Two networks in one file: only the picture itself is before both."""
    net, ends = _two_scales(10)
    return Case(
        net.model(net.op("Add", *ends)), "fine", (256, 14, 14), ambiguous=True, tips=("coarse",)
    )


CASES = (
    variational,
    ensemble,
    siamese,
    row_and_picture,
    picture_and_text,
    text_classifier,
    text_own_mask,
    clip_text,
    auxiliary_head,
    centernet,
    detr,
    stages,
    query_masks,
    stacked_answers,
    stacked_then_judged,
)
