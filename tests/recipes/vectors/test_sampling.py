import numpy as np
import pytest

from recipes.heads.heldout import kept_aside
from recipes.vectors import sampling
from recipes.vectors.sampling import chunks, drawn, fairly, smallest


def test_few_rows_are_all_drawn_and_of_many_the_same_ones_every_time():
    assert (drawn(7, 9, seed=1) == np.arange(7)).all()
    once = drawn(1000, 90, seed=1)
    assert len(np.unique(once)) == 90
    assert (np.sort(once) == once).all()
    assert (once == drawn(1000, 90, seed=1)).all()
    assert (once != drawn(1000, 90, seed=2)).any()


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 35])
def test_chunks_are_all_rows_once(rows, monkeypatch):
    monkeypatch.setattr(sampling, "CHUNK", 10)
    parts = [np.arange(rows)[own] for own in chunks(rows)]
    assert np.concatenate([[], *parts]).tolist() == list(range(rows))
    assert all(0 < len(part) <= 10 for part in parts)


def test_small_strata_are_whole_and_large_ones_share_what_is_left():
    stratum = np.random.default_rng(0).permutation(np.repeat(np.arange(3), (5, 400, 1000)))
    rows, stands_for = fairly(stratum, 205, seed=0)
    assert np.bincount(stratum[rows]).tolist() == [5, 100, 100]
    assert (np.sort(rows) == rows).all()
    for number, size in enumerate((5, 400, 1000)):  # each stands for as many as were left out
        np.testing.assert_allclose(stands_for[stratum[rows] == number].sum(), size, rtol=1e-5)


def test_where_they_suffice_all_rows_stand_for_themselves():
    rows, stands_for = fairly(np.zeros(8, np.int64), 8, seed=0)
    assert rows.tolist() == list(range(8))
    assert set(stands_for) == {1.0}


def test_an_empty_stratum_takes_nothing():
    rows, _ = fairly(np.array([0, 0, 0, 2, 2, 2]), 4, seed=0)
    assert np.bincount(np.array([0, 0, 0, 2, 2, 2])[rows]).tolist() == [2, 0, 2]


def test_of_several_domains_the_smallest_counts():
    member = np.zeros((10, 3), bool)
    member[:6, 0], member[2:5, 1], member[4:8, 2] = True, True, True
    assert smallest(member).tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]


def test_rows_are_held_out_of_the_smallest_domain_as_well():
    # the same rule twice: a third of each smallest domain is kept aside
    member = np.random.default_rng(0).random((3000, 4)) < (0.5, 0.3, 0.1, 0.02)
    aside = kept_aside(member, 1 / 3, seed=0)
    size = np.bincount(smallest(member), minlength=5)
    kept = np.bincount(smallest(member)[aside], minlength=5)
    assert (np.abs(kept - size / 3) <= 0.5).all()
