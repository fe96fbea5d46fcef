from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onnxprobe.select as select_
from onnxprobe.select.balanced import shares
from onnxprobe.select.diverse import centres
from onnxprobe.select.uncertain import MARGINS, between_best, to_threshold
from onnxprobe.select.ways import WAYS


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 60))
def test_shares_add_up_fit_and_are_as_even_as_can_be(sizes, count):
    taken = shares(np.array(sizes, np.int64), count)
    assert taken.sum() == min(count, sum(sizes))
    assert (taken <= sizes).all()
    assert (taken >= 0).all()
    # whoever has less than another has given everything, or is one behind
    for i, j in np.ndindex(len(sizes), len(sizes)):
        assert taken[i] >= taken[j] - 1 or taken[i] == sizes[i]


def farthest(z, chosen):
    return np.linalg.norm(z[:, None] - z[list(chosen)], axis=2).min(axis=1).max()


@given(st.integers(0, 500), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_no_picture_is_farther_than_twice_what_the_best_choice_could_do(seed, count):
    """Gonzalez (1985), for any start."""
    z = np.random.default_rng(seed).normal(size=(9, 2)).astype(np.float32)
    chosen, _ = centres(z, count)
    best = min(farthest(z, few) for few in combinations(range(9), count))
    assert farthest(z, chosen) <= 2 * best + 1e-5


@given(st.integers(0, 500))
@settings(max_examples=25, deadline=None)
def test_centres_are_what_the_plain_method_chooses(seed):
    z = np.random.default_rng(seed).normal(size=(30, 5)).astype(np.float32)
    chosen, radius = centres(z, 8)
    far = np.linalg.norm(z[:, None].astype(np.float64) - z, axis=2)
    assert chosen[0] == np.linalg.norm(z - z.mean(axis=0), axis=1).argmin()
    for step in range(1, 8):
        nearest = far[:, chosen[:step]].min(axis=1)
        assert radius[step] == pytest.approx(nearest.max(), rel=1e-4)  # float32 products
        assert chosen[step] == nearest.argmax()


def test_all_are_chosen_once_where_more_are_wanted_even_among_copies():
    z = np.ones((6, 3), np.float32)
    chosen, _ = centres(z, 20)
    assert sorted(chosen.tolist()) == list(range(6))


def test_a_detector_is_least_sure_at_its_threshold():
    scores = np.array([[0.1, 0.9], [0.3, 0.1], [0.55, 0.02], [0.0, 0.0]], np.float32)
    margin = to_threshold(scores, np.array([0.1, 0.6]))
    assert margin.argmin() == 0
    assert margin[3] == pytest.approx(1.0)  # as far below both as one can be
    assert to_threshold(np.float32([[1.0]]), np.array([0.2])) == pytest.approx([1.0])


def test_a_softmax_is_least_sure_where_two_are_alike():
    scores = np.array([[0.4, 0.4, 0.2], [0.9, 0.05, 0.05], [0.6, 0.3, 0.1]], np.float32)
    assert between_best(scores, np.zeros(3)) == pytest.approx([0.0, 0.85, 0.3])
    assert between_best(scores[:, :1], np.zeros(1)).tolist() == [1, 1, 1]


def test_every_kind_of_head_says_how_sure_it_is():
    from onnxprobe.heads import HEADS

    assert set(MARGINS) == set(HEADS)


def test_every_file_is_registered():
    files = {path.stem for path in Path(select_.__path__[0]).glob("[!_]*.py")}
    assert files - {"listing", "select", "ways"} == set(WAYS)
