"""What is near by cosine, channels standardised."""

import numpy as np

from onnxprobe.directions import nearest


def test_the_nearest_are_those_that_a_search_of_all_finds_in_that_order():
    x = np.random.default_rng(0).normal(size=(2040, 6)) * [1, 9, 1, 1, 1, 0.1]
    x = x.astype(np.float32)
    rows = np.arange(0, 2040, 2)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    near = z[rows] @ z.T
    near[np.arange(len(rows)), rows] = -2
    found = nearest(x, rows, 5)
    expected = np.sort(near, axis=1)[:, :-6:-1]
    np.testing.assert_allclose(np.take_along_axis(near, found, axis=1), expected, atol=1e-6)
    assert not (found == rows[:, None]).any()
