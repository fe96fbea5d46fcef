"""A quantised network may have its ReLU in a zero point: what it cuts off is no feature."""

import pytest
from architectures.net import Net

from onnxprobe.graph.pick import pick


def rounded(act, zero, kind="int8", *, added=False):
    """A layer whose answer is rounded, pooled and judged."""
    net = Net()
    grid = (net.number(0.1), *(() if zero is None else (net.numbers(zero, kind),)))
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 64, 3, 4, out="stem")
    y = net.conv(x, 64, 64, 3, act=act, out=None if added else "bent")
    y = net.op("Add", x, y, out="bent") if added else y
    y = net.op(
        "DequantizeLinear", net.op("QuantizeLinear", y, *grid, out="whole"), *grid, out="floats"
    )
    return pick(net.model(net.classify(y, 64, 10)))


@pytest.mark.parametrize(("zero", "kind"), [(-128, "int8"), (0, "uint8"), (None, "uint8")])
@pytest.mark.parametrize("added", [False, True])
def test_what_is_cut_off_by_rounding_is_not_picked(zero, kind, added):
    assert rounded(None, zero, kind, added=added).tensor == "floats"


@pytest.mark.parametrize(("act", "zero"), [(None, 0), (None, 3), ("Relu", -128), ("Sigmoid", -128)])
def test_what_only_rounds_is_stepped_over(act, zero):
    assert rounded(act, zero).tensor == "bent"
