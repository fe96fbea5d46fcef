import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxprobe.lowering.affine import Affine, stacked


@st.composite
def maps(draw, width):
    """A map from ``width`` numbers, full or diagonal."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    if draw(st.booleans()):
        return Affine.of(rng.normal(size=width), rng.normal(size=width), rng.normal(size=width))
    rows = draw(st.integers(1, 4))
    return Affine.of(rng.normal(size=(rows, width)), rng.normal(size=rows), rng.normal(size=width))


def applied(affine, x):
    """The definition."""
    full = np.diag(affine.weight) if affine.weight.ndim == 1 else affine.weight
    return (x - affine.center) @ full.T + affine.bias


X = np.random.default_rng(0).normal(size=(6, 3))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_after_the_other_is_one(data):
    first = data.draw(maps(3))
    second = data.draw(maps(first.sizes[0]))
    np.testing.assert_allclose(
        applied(first.then(second), X), applied(second, applied(first, X)), atol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(maps(3), maps(3))
def test_side_by_side_is_one(first, second):
    both = np.hstack([applied(first, X), applied(second, X)])
    np.testing.assert_allclose(applied(stacked([first, second]), X), both, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(maps(3), maps(3))
def test_the_centre_may_be_anywhere(affine, other):
    moved = affine.around(other.center)
    np.testing.assert_allclose(applied(moved, X), applied(affine, X), atol=1e-9)
    np.testing.assert_array_equal(moved.center, other.center)


def test_some_rows_are_some_outputs():
    diagonal = Affine.of(np.array([1.0, 2, 3]), 1.0, 2.0)
    np.testing.assert_allclose(applied(diagonal.rows(slice(1, 3)), X), applied(diagonal, X)[:, 1:])
