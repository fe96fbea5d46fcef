import numpy as np
from blobs import crowd, planted

from recipes.leiden import leiden
from recipes.neighbours import graph, nearest, unit
from recipes.stability import best_overlap, stability


def overlap_by_hand(labels, again, communities):
    best = []
    for one in range(communities):
        a = set(np.flatnonzero(labels == one))
        others = [set(np.flatnonzero(again == other)) for other in set(again)]
        best.append(max(len(a & b) / len(a | b) for b in others) if a else 0.0)
    return best


def test_overlaps_are_those_counted_by_hand():
    rng = np.random.default_rng(0)
    labels, again = rng.integers(0, 6, 200), rng.integers(0, 4, 200)
    labels[labels == 3] = 2  # a community that the draw has missed
    found = best_overlap(labels, again, communities=6)
    np.testing.assert_allclose(found, overlap_by_hand(labels, again, 6))


def judged(x, resolution=1.0):
    near, _ = nearest(unit(x), 30)
    labels = leiden(graph(near, count=15), resolution, seed=0)
    return labels, stability(near, labels, resolution, neighbours=15, rounds=10, seed=0)


def test_a_group_comes_back_and_a_piece_of_a_crowd_does_not():
    x, label = planted((60,))
    labels, again = judged(x)
    group = np.bincount(labels[label == 1]).argmax()
    assert again[group] > 0.95
    assert np.delete(again, group).max() < 0.7


def test_the_same_seed_gives_the_same_figures():
    x = crowd(300)
    assert (judged(x)[1] == judged(x)[1]).all()
