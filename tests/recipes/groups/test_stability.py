import numpy as np
from blobs import crowd, planted

from recipes.groups import stability
from recipes.groups.leiden import leiden
from recipes.groups.stability import Redrawn, Told, best_overlap
from recipes.vectors.neighbours import Index, graph, unit


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
    near, _ = Index(unit(x)).themselves(30)
    labels = leiden(graph(near, count=15), resolution, seed=0)
    return labels, Redrawn.of(near, 15, 10, seed=0).stability(labels, resolution)


def test_a_group_comes_back_and_a_piece_of_a_crowd_does_not():
    x, label = planted((60,))
    labels, again = judged(x)
    group = np.bincount(labels[label == 1]).argmax()
    assert again[group] > 0.95
    assert np.delete(again, group).max() < 0.7


def test_the_same_seed_gives_the_same_figures():
    x = crowd(300)
    assert (judged(x)[1] == judged(x)[1]).all()


def test_rounds_that_can_change_nothing_are_left_out():
    x = crowd(400)
    near, _ = Index(unit(x)).themselves(30)
    labels = leiden(graph(near, count=15), 2.0, seed=0)
    redrawn, told = Redrawn.of(near, 15, 10, seed=0), []
    whole = redrawn.stability(labels, 2.0)
    report = Told("groups", 10, lambda *said: told.append(said))
    short = redrawn.stability(labels, 2.0, least=0.9, told=report)
    assert whole.max() < 0.9  # or the test would show nothing
    assert (short >= whole).all()
    assert short.max() < 0.9
    assert len(told) < 5
    assert told[-1] == ("groups", 10, 10)


def test_where_one_can_still_come_back_every_round_is_made():
    x, label = planted((60,))
    near, _ = Index(unit(x)).themselves(30)
    labels = leiden(graph(near, count=15), 1.0, seed=0)
    group = np.bincount(labels[label == 1]).argmax()
    redrawn = Redrawn.of(near, 15, 10, seed=0)
    assert (redrawn.stability(labels, 1.0, least=0.9) == redrawn.stability(labels, 1.0)).all()
    fits = np.arange(labels.max() + 1) != group  # but not for those that do not fit
    assert (redrawn.stability(labels, 1.0, fits=fits, least=0.9)[fits] < 0.9).all()


def test_a_round_draws_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(stability, "MOST", 50)
    near, _ = Index(crowd(200)).themselves(30)
    redrawn = Redrawn.of(near, 15, 3, seed=0)
    assert [len(rows) for rows in redrawn.rows] == [50, 50, 50]
    assert redrawn.graphs[0].shape == (50, 50)
