import pytest
from architectures import convolutional

from onnxprobe.graph.inference.trials import merged, open_sizes, sizes

TRIED = {"N": (11, 13), "S": (224, 352)}


@pytest.mark.parametrize(
    ("small", "large", "size"),
    [
        (7, 7, 7),
        (11, 13, "N"),
        (224, 352, "S"),
        (44, 52, "4*N"),
        (12, 14, None),
        (12, 13, None),
        (7, 11, None),
        (11 * 224, 13 * 352, None),
        (0, 0, 0),
        ("x", "x", None),
    ],
)
def test_what_follows_a_size_carries_its_name(small, large, size):
    assert merged((None,), (small,), (large,), TRIED) == (size,)
    assert merged(None, (small,), (large,), TRIED) == (size,)


def test_what_is_known_stays():
    assert merged(("M", 5, None), (11, 5, 3), (13, 5, 3), TRIED) == ("M", 5, 3)
    assert merged(("M", 5), (11,), (13,), TRIED) == ("M", 5)
    assert merged(None, (11,), (13, 1), TRIED) is None


def test_inputs_that_share_a_symbol_are_tried_at_the_same_sizes():
    net = convolutional.Net()
    net.input("ids", ["N", "S"])
    net.input("mask", ["N", "S"])
    net.input("image", [None, 3, None, None])
    net.input("fixed", [1, 3])
    found = sizes(tuple(open_sizes(net.model().proto.graph)))
    by_place = {(size.tensor, size.axis): pair for size, pair in found.items()}
    assert by_place["ids", 0] == by_place["mask", 0] == by_place["image", 0]
    assert by_place["ids", 1] == by_place["mask", 1]
    assert len({by_place["ids", 1], by_place["image", 2], by_place["image", 3]}) == 3
    assert not any(tensor == "fixed" for tensor, _ in by_place)
