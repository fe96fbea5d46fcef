from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from onnxprobe.compare.cka import cka, compact, hsic
from onnxprobe.compare.compare import _common
from onnxprobe.compare.information import ami
from onnxprobe.compare.near import shared

SEEDS = st.integers(0, 10_000)


def pair(seed, n=20, d=6, e=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + 3
    return x, (x[:, :e] * seed % 7 + rng.normal(size=(n, e)))


def plain_hsic(x, y):
    """The unbiased estimate from the products of all pairs (Song et al. 2012, equation 4)."""
    n, ones = len(x), np.ones(len(x))
    k, h = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(h, 0)
    whole = (ones @ k @ ones) * (ones @ h @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ h) + whole - 2 / (n - 2) * ones @ k @ h @ ones) / (n * (n - 3))


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_hsic_from_channels_is_hsic_from_pairs(seed):
    x, y = pair(seed)
    assert hsic(x, y) == pytest.approx(plain_hsic(x, y), rel=1e-6, abs=1e-6)
    # where nothing is, it does not matter
    assert hsic(compact(x), compact(y)) == pytest.approx(plain_hsic(x, y), rel=1e-6, abs=1e-6)


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_turning_scaling_and_moving_all_channels_changes_nothing(seed):
    x, y = pair(seed, n=15, d=30, e=5)  # more channels than pictures: another way is taken
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(30, 30)))[0]
    assert cka(compact(x), compact(x @ turn * 3 + 7)) == pytest.approx(1)
    assert cka(compact(x @ turn), compact(y)) == pytest.approx(cka(compact(x), compact(y)))
    assert cka(compact(y), compact(x)) == pytest.approx(cka(compact(x), compact(y)))


def test_what_has_nothing_in_common_scores_nothing_however_many_channels_there_are():
    """The biased figure is near 1 here: 60 pictures, 2,000 channels of noise."""
    rng = np.random.default_rng(0)
    scores = [
        cka(compact(rng.normal(size=(60, 2000))), compact(rng.normal(size=(60, 2000))))
        for _ in range(10)
    ]
    assert abs(np.mean(scores)) < 0.02  # sd of one is about 1 / n


def test_what_does_not_vary_has_no_cka():
    assert np.isnan(cka(compact(np.ones((9, 3))), compact(np.eye(9))))


@given(SEEDS)
@settings(deadline=None)
def test_the_part_that_is_shared_is_what_sets_say(seed):
    rng = np.random.default_rng(seed)
    one, other = (np.array([rng.choice(20, 4, replace=False) for _ in range(20)]) for _ in range(2))
    expected = np.mean([len(set(a) & set(b)) / 4 for a, b in zip(one, other, strict=True)])
    assert shared(one, other) == pytest.approx(expected)
    assert shared(one, one[:, ::-1]) == 1


@given(SEEDS)
@settings(deadline=None, max_examples=60)
def test_ami_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    one = rng.integers(-1, 1 + seed % 6, 50)
    other = np.where(rng.random(50) < (seed % 10) / 10, one, rng.integers(-1, 1 + seed % 4, 50))
    expected = adjusted_mutual_info_score(one, other)
    assert ami(one, other) == pytest.approx(expected, abs=1e-9)


def test_ami_of_the_same_is_one_and_of_chance_about_nothing():
    labels = np.arange(300) % 5
    assert ami(labels, (labels + 1) % 5) == pytest.approx(1)
    assert abs(ami(labels, np.random.default_rng(0).permutation(labels))) < 0.03
    assert ami(np.zeros(9, int), np.zeros(9, int)) == 1


def run_of(*digests, without=()):
    """As much of a store as says which picture is which; some have no vector."""
    rows = np.array([i for i in range(len(digests)) if i not in without])
    return SimpleNamespace(ledger=SimpleNamespace(hash=np.array(digests, object)), rows=rows)


def test_pictures_are_known_by_their_content_whatever_they_are_called():
    ours, theirs = _common(run_of("a", "x", "b", "c", without=[1]), run_of("c", "a", "d"))
    assert (ours.tolist(), theirs.tolist()) == ([0, 2], [1, 0])  # places among those with vectors


def test_of_copies_the_first_counts():
    ours, theirs = _common(run_of("a", "a", "b"), run_of("b", "a", "b"))
    assert (ours.tolist(), theirs.tolist()) == ([0, 2], [1, 0])
    ours, theirs = _common(run_of("a"), run_of("b"))
    assert len(ours) == len(theirs) == 0
