import pkgutil

import numpy as np
import pytest

import onnxprobe.pooling
from onnxprobe.errors import NoSuchNameError, PoolingError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.value import Value
from onnxprobe.pooling import POOLINGS, fitting, over_places, usual
from onnxprobe.runtime import run

SHAPES = [(6, 7, 7), (6, 4, 5), (3, 1, 1), (9, 5), (4, 3, 2, 5), (8,)]
OPSETS = [7, 8, 9, 10, 11, 12, 13, 17, 18, 21, 26]


def fits(name, shape):
    try:
        fitting(Value("x", "float32", ("N", *shape)), shape, name)
    except PoolingError:
        return False
    return True


PAIRS = [(name, shape) for name in POOLINGS for shape in SHAPES if fits(name, shape)]


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(("name", "shape"), PAIRS)
def test_graph_and_numpy_agree(name, shape, opset):
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    pooling, build = POOLINGS[name], Builder(opset)
    pooling.nodes(build, "x", shape, "y")
    ends = [
        Value("x", "float32", ("N", *shape)),
        Value("y", "float32", ("N", pooling.width(shape))),
    ]
    model = build.model(name, ends[:1], ends[1:], ir_version=min(4 + opset // 4, 10))
    vectors = run(model, {"x": x})["y"]
    # sums of up to 49 products in another order; a root of a small variance loses half the digits
    np.testing.assert_allclose(vectors, pooling.apply(x), rtol=1e-5, atol=1e-6)
    assert vectors.shape == (3, pooling.width(shape))


@pytest.mark.parametrize(
    ("shape", "middle"), [((1, 7, 7), 24), ((1, 4, 5), 12), ((1, 3), 1), ((1, 2, 2, 2), 7)]
)
def test_center_takes_the_middle_of_odd_and_even_sides(shape, middle):
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(1, *shape)
    assert POOLINGS["center"].apply(x).ravel() == [middle]


def test_std_is_that_of_the_population():
    x = np.array([[[[1.0, 3.0]]]], np.float32)
    assert POOLINGS["std"].apply(x) == [[1.0]]


def test_gem_lies_between_mean_and_max():
    x = np.random.default_rng(0).uniform(0.1, 1, size=(2, 3, 4, 4)).astype(np.float32)
    gem, mean, most = (POOLINGS[name].apply(x) for name in ("gem", "mean", "max"))
    assert (mean < gem).all()
    assert (gem < most).all()


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((8, 7, 7), "mean"),
        ((197, 768), "token-mean"),
        ((None, 384), "token-mean"),
        ((1536, None), "mean"),
        ((64,), "flatten"),
    ],
)
def test_the_usual_pooling_suits_the_shape(shape, name):
    assert usual(shape) == name


def test_the_usual_pooling_of_a_map_keeps_its_channels_wherever_they_are():
    assert POOLINGS[usual((7, 7, 8), channels=2)].width((7, 7, 8)) == 8
    assert POOLINGS[usual((8, 7, 7), channels=0)].width((8, 7, 7)) == 8


def test_the_usual_pooling_of_one_axis_of_time_keeps_the_channels_wherever_they_are():
    assert POOLINGS[usual((8, 100), channels=0)].width((8, 100)) == 8
    assert POOLINGS[usual((100, 8), channels=1)].width((100, 8)) == 8


def test_the_mean_over_tokens_is_that_over_a_map_with_channels_last():
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 4)).astype(np.float32)
    tokens = POOLINGS["token-mean"].apply(x.reshape(2, 35, 4))
    # the same 35 numbers are summed in another order
    np.testing.assert_allclose(POOLINGS["token-mean"].apply(x), tokens, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mean", "std"])
def test_a_pooling_over_places_is_that_of_the_map_with_its_channels_moved_last(name):
    x = np.random.default_rng(0).normal(size=(2, 4, 7, 5)).astype(np.float32)
    turned = np.moveaxis(x, 1, -1)
    same = over_places(name, turned.shape[1:], 2)
    assert over_places(name, x.shape[1:], 0) == name
    # the same 35 numbers are summed in another order
    np.testing.assert_allclose(
        POOLINGS[same].apply(turned), POOLINGS[name].apply(x), rtol=1e-5, atol=1e-6
    )


def test_what_does_not_fit_names_what_does():
    value = Value("tokens", "float32", ("N", None, 384))
    with pytest.raises(
        PoolingError,
        match=r"center pooling reads maps \(channels, …\) of known size, but tokens "
        r"float32\[N×\?×384\] is not; what fits: cls, token-mean, token-std",
    ):
        fitting(value, (None, 384), "center")


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (("64*N", 49, 10), "a sample takes several of its rows, and .* the graph"),
        (None, "its shape is not known"),
    ],
)
def test_a_tensor_without_an_axis_of_samples_is_refused_with_the_reason(shape, why):
    with pytest.raises(PoolingError, match=f"mean pooling cannot read logits.*: {why}$"):
        fitting(Value("logits", "float32", shape), None, "mean")


def test_a_misspelt_pooling_suggests_a_near_name():
    with pytest.raises(NoSuchNameError, match="no pooling named 'meen'; did you mean 'mean'"):
        fitting(Value("x", "float32", ("N", 3, 4, 4)), (3, 4, 4), "meen")


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.pooling.__path__)} - {"_base"}
    assert {name.replace("_", "-") for name in files} == set(POOLINGS)
