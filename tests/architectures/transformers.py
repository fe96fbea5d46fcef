"""Transformers, for pictures and for text."""

from architectures.net import INT64, Case, Net

TOKENS = (197, 768)


def vit():
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(), 768), 768, out="norm")
    return Case(net.model(net.gemm(_first(net, x), 768, 1000)), "norm", TOKENS)


def vit_norm_after_token():
    net = Net()
    x = net.encoder(net.patches(), 768, out="block")
    y = net.layer_norm(_first(net, x), 768)
    return Case(net.model(net.gemm(y, 768, 1000)), "block", TOKENS)


def vit_mean():
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(special=0), 768), 768, out="norm")
    y = net.op("ReduceMean", x, axes=[1], keepdims=0)
    return Case(net.model(net.gemm(y, 768, 1000)), "norm", (196, 768))


def clip_vit():
    net = Net()
    x = net.encoder(net.patches(), 768, out="block")
    y = net.op("MatMul", net.layer_norm(_first(net, x), 768), net.weight(768, 512))
    return Case(net.model(net.unit(y)), "block", TOKENS)


def dinov2():
    """The class token beside the mean of the patches."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(), 768), 768, out="norm")
    rest = net.op("Slice", x, *(net.numbers([n]) for n in (1, 99999, 1)))
    mean = net.op("ReduceMean", rest, axes=[1], keepdims=0)
    y = net.op("Concat", _first(net, x), mean, axis=1)
    return Case(net.model(net.gemm(y, 1536, 1000)), "norm", TOKENS)


def siglip():
    """A learnt query attends to the tokens."""
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(special=0), 768), 768, out="norm")
    k, v = net.linear(x, 768, 768), net.linear(x, 768, 768)
    query = net.op("MatMul", net.weight(1, 1, 768), net.weight(768, 768))
    scores = net.op("MatMul", query, net.op("Transpose", k, perm=[0, 2, 1]))
    y = net.linear(net.op("MatMul", net.op("Softmax", scores), v), 768, 768)
    return Case(net.model(net.op("Squeeze", y, net.numbers([1]))), "norm", (196, 768))


def siglip_packed():
    """The same with four heads, keys and values from one layer, and positions before the batch.

    Hugging Face's SigLIP, whose pooling is torch's MultiheadAttention. What is pooled is as long as the
    answer, and lies in heads for a while.
    """
    net = Net()
    x = net.layer_norm(net.encoder(net.patches(special=0), 768), 768, out="norm")
    kv = net.linear(net.op("Transpose", x, perm=[1, 0, 2]), 768, 1536)
    kv = net.op("Reshape", kv, net.numbers([196, -1, 2, 768]))
    kv = net.op("Transpose", kv, perm=[2, 0, 1, 3])
    k, v = (net.op("Gather", kv, net.numbers(i), axis=0) for i in range(2))
    batch = net.op(
        "Unsqueeze", net.op("Gather", net.op("Shape", "image"), net.numbers(0)), net.numbers([0])
    )
    times = net.op("Concat", net.numbers([1]), batch, net.numbers([1]), axis=0)
    q = net.linear(net.op("Tile", net.weight(1, 1, 768), times), 768, 768)
    q, k, v = (net.op("Reshape", y, net.numbers([0, -1, 192])) for y in (q, k, v))
    q, k = net.op("Transpose", q, perm=[1, 0, 2]), net.op("Transpose", k, perm=[1, 2, 0])
    scores = net.op("MatMul", q, k)
    y = net.op("MatMul", net.op("Softmax", scores), net.op("Transpose", v, perm=[1, 0, 2]))
    y = net.op("Reshape", net.op("Transpose", y, perm=[1, 0, 2]), net.numbers([-1, 768]))
    return Case(net.model(net.gemm(y, 768, 768)), "norm", (196, 768))


def swin():
    """Windows: many rows a picture, until the last stage."""
    net = Net()
    image = net.input("image", ["N", 3, 224, 224])
    x = net.conv(image, 3, 96, 4, 4, act=None, pad=0)
    c, r = 96, 56
    for stage in range(4):
        if stage:
            x, c, r = net.conv(x, c, 2 * c, 2, 2, act=None, pad=0), 2 * c, r // 2
        t = net.op("Transpose", x, perm=[0, 2, 3, 1])
        w = net.op("Reshape", t, net.numbers([-1, 49, c]))
        w = net.op("Add", w, net.linear(net.layer_norm(w, c), c, c))
        t = net.op("Reshape", w, net.numbers([-1, r, r, c]))
        x = net.op("Transpose", t, perm=[0, 3, 1, 2])
    y = net.layer_norm(net.op("Reshape", t, net.numbers([-1, 49, c])), c, out="norm")
    y = net.op("ReduceMean", net.op("Transpose", y, perm=[0, 2, 1]), axes=[2], keepdims=0)
    return Case(net.model(net.gemm(y, c, 1000)), "norm", (49, 768))


def text_masked_mean():
    """Padding is masked by a second input, in attention and in the mean."""
    net = Net()
    ids, mask = (net.input(name, ["N", "S"], INT64) for name in ("ids", "mask"))
    x = net.op("Gather", net.weight(30000, 384), ids)
    keep = net.op("Cast", mask, to=1)
    far = net.op("Mul", net.op("Sub", net.number(1.0), keep), net.number(-1e4))
    bias = net.op("Unsqueeze", far, net.numbers([1, 2]))
    for i in range(3):
        x = net.layer_norm(net.op("Add", x, net.attention(x, 384, bias=bias)), 384)
        y = net.linear(net.linear(x, 384, 1536, "Relu"), 1536, 384)
        x = net.layer_norm(net.op("Add", x, y), 384, out=f"norm{i}")
    keep = net.op("Unsqueeze", keep, net.numbers([2]))
    axis = net.numbers([1])
    total = net.op("ReduceSum", net.op("Mul", x, keep), axis, keepdims=0)
    y = net.op("Div", total, net.op("ReduceSum", keep, axis, keepdims=0))
    return Case(net.model(net.unit(y)), "norm2", (None, 384))


def language_model():
    net = Net()
    ids = net.input("ids", ["N", "S"], INT64)
    x = net.encoder(net.op("Gather", net.weight(32000, 768), ids), 768)
    x = net.layer_norm(x, 768, out="norm")
    y = net.op("MatMul", x, net.weight(768, 32000))
    return Case(net.model(y), "norm", (None, 768), role="penultimate")


def _first(net, x):
    return net.op("Gather", x, net.numbers(0), axis=1)


CASES = (
    vit,
    vit_norm_after_token,
    vit_mean,
    clip_vit,
    dinov2,
    siglip,
    siglip_packed,
    swin,
    text_masked_mean,
    language_model,
)
