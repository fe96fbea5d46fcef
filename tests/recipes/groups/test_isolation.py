from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recipes.groups.isolation import BALANCE, inner_conductance, isolation, widening


def circle(n, reach=7, *, closed=True):
    """Each node joined with ``reach`` on both sides."""
    gap = np.abs(np.arange(n)[:, None] - np.arange(n))
    gap = np.minimum(gap, n - gap) if closed else gap
    return csr_matrix(((gap > 0) & (gap <= reach)).astype(float))


def piece(n, start, size):
    member = np.zeros(n, bool)
    member[start : start + size] = True
    return member


def conductance_by_hand(dense):
    n, degree = len(dense), dense.sum(axis=1)
    best = 1.0
    for size in range(1, n):
        for rows in map(list, combinations(range(n), size)):
            volume = min(degree[rows].sum(), degree.sum() - degree[rows].sum())
            if volume >= BALANCE * degree.sum():
                others = np.setdiff1d(range(n), rows)
                best = min(best, dense[np.ix_(rows, others)].sum() / volume)
    return best


@pytest.mark.parametrize("seed", range(5))
def test_the_best_cut_is_near_the_one_of_all_cuts(seed):
    rng = np.random.default_rng(seed)
    side = np.arange(11) < 5
    chance = np.where(side[:, None] == side, 0.9, 0.15)
    dense = np.triu(rng.random((11, 11)) < chance, 1).astype(float)
    dense += dense.T
    best = conductance_by_hand(dense)
    found = inner_conductance(csr_matrix(dense))
    assert best - 1e-9 <= found <= 1.35 * best + 1e-9  # a sweep is no search of all cuts


@pytest.mark.parametrize("size", [50, 150, 600])
def test_a_piece_of_a_ring_has_isolation_one_whatever_its_size(size):
    assert isolation(circle(1500), piece(1500, 100, size)) == pytest.approx(1.0, abs=0.15)


def test_the_end_of_a_line_has_isolation_two():
    line = circle(900, closed=False)
    assert isolation(line, piece(900, 0, 200)) == pytest.approx(2.0, abs=0.2)


def test_a_group_with_few_edges_to_the_rest_is_isolated():
    rng = np.random.default_rng(0)
    member = np.arange(300) < 40
    chance = np.where(
        member[:, None] & member, 0.5, np.where(member[:, None] ^ member, 0.002, 0.05)
    )
    dense = np.triu(rng.random((300, 300)) < chance, 1)
    assert isolation(csr_matrix((dense | dense.T).astype(float)), member) > 8


def test_two_groups_taken_as_one_are_less_isolated_than_each():
    rng = np.random.default_rng(0)
    kind = np.minimum(np.arange(300) // 40, 2)
    chance = np.where(kind[:, None] == kind, np.where(kind == 2, 0.05, 0.5), 0.004)
    dense = np.triu(rng.random((300, 300)) < chance, 1)
    graph = csr_matrix((dense | dense.T).astype(float))
    assert isolation(graph, kind < 2) < isolation(graph, kind == 0) / 3


def test_beside_a_piece_of_a_ring_nothing_widens():
    assert widening(circle(1500), piece(1500, 100, 60)) == pytest.approx(1.0)


def test_beside_a_group_in_many_dimensions_it_widens():
    rng = np.random.default_rng(0)
    dense = rng.random((2000, 2000)) < 0.004
    assert widening(csr_matrix((dense | dense.T).astype(float)), piece(2000, 0, 15)) > 5


def test_with_nothing_beside_it_a_group_stands_by_itself():
    cut_off = circle(100).toarray()
    cut_off[:20, 20:] = cut_off[20:, :20] = 0
    assert widening(csr_matrix(cut_off), piece(100, 0, 20)) == float("inf")
