import pytest

from onnxprobe.graph.shapes import batch_axis, batch_first, per_sample
from onnxprobe.graph.value import Value


@pytest.mark.parametrize(
    ("shape", "batch", "sample"),
    [
        (("N", 512, 7, 7), "N", (512, 7, 7)),
        ((1, 512, 7, 7), 1, (512, 7, 7)),
        ((1, 1, 768), 1, (1, 768)),
        ((50, "N", 2048), "N", (50, 2048)),
        ((50, 1, 2048), 1, (50, 2048)),
        (("64*N", 49, 96), "N", (64, 49, 96)),
        ((64, 49, 96), 1, (64, 49, 96)),
        (("N", "S", 384), "N", (None, 384)),
        ((None, 384), "N", (384,)),
        ((None, 384), None, (384,)),
        ((25088,), 1, (25088,)),
        ((1, 25088), "N", (25088,)),
        (("N",), "N", ()),
        ((), "N", ()),
        (None, "N", None),
    ],
)
def test_the_shape_of_one_sample_has_no_batch(shape, batch, sample):
    assert per_sample(Value("x", "float32", shape), batch) == sample


@pytest.mark.parametrize(
    ("shape", "batch", "first"),
    [
        (("N", 512, 7, 7), "N", True),
        ((1, 512, 7, 7), 1, True),
        ((50, "N", 2048), "N", False),
        ((50, 1, 2048), 1, False),
        (("64*N", 49, 96), "N", False),
        ((None, 49, 96), "N", True),
        ((8400, 4), "N", False),
        ((1, 25088), "N", True),
        ((), "N", False),
        (None, "N", False),
    ],
)
def test_only_a_tensor_whose_first_axis_is_the_batch_has_a_row_a_sample(shape, batch, first):
    assert batch_first(Value("x", "float32", shape), batch) == first


@pytest.mark.parametrize(
    ("shape", "batch", "axis"),
    [
        (("N", 512, 7, 7), "N", 0),
        ((50, "N", 2048), "N", 1),
        ((50, 1, 2048), 1, 1),
        ((50, 4, 2048), 4, None),  # 4 heads, for all we know
        (("64*N", 49, 96), "N", None),
        ((8400, 4), "N", None),
        (None, "N", None),
    ],
)
def test_the_batch_is_the_axis_that_is_called_like_it(shape, batch, axis):
    assert batch_axis(Value("x", "float32", shape), batch) == axis
