import numpy as np
import pytest
from blobs import crowd

from recipes.vectors.neighbours import Index, among, graph, restricted, unit
from recipes.vectors.searches import faiss as codes


def by_hand(x, count):
    far = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=2)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, :count]
    return near, np.take_along_axis(far, near, axis=1)


def test_neighbours_are_those_of_a_search_by_hand():
    x = crowd(200, 8)
    near, far = Index(x).themselves(7)
    expected, distance = by_hand(x, 7)
    assert (near == expected).all()
    np.testing.assert_allclose(far, distance, rtol=1e-3)  # float32 squares


def test_no_row_is_its_own_neighbour_even_among_copies():
    x = np.repeat(crowd(10, 5), 12, axis=0)
    near, far = Index(x).themselves(6)
    assert (near != np.arange(120)[:, None]).all()
    assert near.shape == (120, 6)
    assert far.max() < 1e-3


@pytest.mark.parametrize("width", [15, 64])
def test_the_approximate_search_finds_nearly_the_same(monkeypatch, width):
    x = unit(crowd(4000, width))
    exact, _ = Index(x).themselves(10)
    monkeypatch.setattr(codes, "EXACT_UP_TO", 1000)
    rough, _ = Index(x).themselves(10)
    same = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, rough, strict=True)])
    assert same > 0.9
    assert (rough >= 0).all()
    assert (Index(x).themselves(10)[0] == rough).all()


def test_the_graph_among_some_rows_is_that_of_a_search_among_them():
    x = crowd(300, 6)
    rows = np.sort(np.random.default_rng(0).choice(300, 210, replace=False))
    near, _ = Index(x).themselves(30)
    again, _ = Index(x[rows]).themselves(10)
    ours, searched = restricted(near, rows, count=10), graph(again, count=10)
    assert abs(ours - searched).sum() <= 0.01 * searched.sum()  # rows with 20 of 30 left out


def test_a_graph_is_symmetric_without_loops_and_unweighted():
    joined = graph(Index(crowd(150, 4)).themselves(9)[0], count=5)
    assert (joined != joined.T).nnz == 0
    assert joined.diagonal().sum() == 0
    assert set(joined.data) == {1.0}
    assert np.asarray(joined.sum(axis=1)).min() >= 5


@pytest.mark.parametrize("x", [np.zeros((3, 4), np.float32), np.eye(3, dtype=np.float32) * 7])
def test_unit_rows_have_length_one_or_stay_nothing(x):
    assert set(np.linalg.norm(unit(x), axis=1)) <= {0.0, 1.0}


def test_neighbours_that_are_left_keep_their_order_and_the_best_fills_what_is_missing():
    near = np.array([[1, 2, 3], [0, 3, 2], [3, 0, 1], [2, 1, 0]])
    np.testing.assert_array_equal(
        among(near, np.array([0, 2, 3])), [[1, 2, 1], [2, 0, 2], [1, 0, 1]]
    )
    np.testing.assert_array_equal(among(near[:, :1], np.array([0, 2])), [[0], [1]])
