import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact, mannwhitneyu

from onnxprobe.describe.effects import adjusted, category_effects, cramers_v, number_effects

SEEDS = st.integers(0, 10_000)


def drawn(seed, n=40):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 1 + seed % 12, (n, 3)).astype(float)  # with ties
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, rng.random((n, 2)) < 0.4


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_delta_is_how_often_a_picture_inside_has_more_less_how_often_it_has_less(seed):
    x, member = drawn(seed)
    delta, _ = number_effects(x, member)
    for a, k in np.ndindex(delta.shape):
        inside, outside = x[member[:, k], a], x[~member[:, k], a]
        inside, outside = inside[~np.isnan(inside)], outside[~np.isnan(outside)]
        if min(len(inside), len(outside)) < 5:
            assert np.isnan(delta[a, k])
            continue
        pairs = np.sign(inside[:, None] - outside)
        assert delta[a, k] == pytest.approx(pairs.mean(), abs=1e-12)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_p_is_that_of_mann_and_whitney(seed):
    x, member = drawn(seed)
    _, p = number_effects(x, member)
    for a, k in np.ndindex(p.shape):
        if np.isnan(p[a, k]) or len(np.unique(x[~np.isnan(x[:, a]), a])) < 2:
            continue
        expected = mannwhitneyu(
            x[member[:, k], a],
            x[~member[:, k], a],
            method="asymptotic",
            use_continuity=False,
            nan_policy="omit",
        ).pvalue
        assert p[a, k] == pytest.approx(expected)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_category_has_the_difference_of_its_shares_and_the_p_of_fisher(seed):
    rng = np.random.default_rng(seed)
    has, member = rng.random((30, 2)) < 0.3, rng.random((30, 2)) < 0.5
    delta, p = category_effects(has, member)
    for a, k in np.ndindex(delta.shape):
        m, h = member[:, k], has[:, a]
        if min(m.sum(), (~m).sum()) < 5 or not h.any():
            continue
        assert delta[a, k] == pytest.approx(h[m].mean() - h[~m].mean())
        table = [[(h & m).sum(), (~h & m).sum()], [(h & ~m).sum(), (~h & ~m).sum()]]
        sides = [fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")]
        assert p[a, k] == pytest.approx(min(1, 2 * min(sides)))


def test_a_category_on_the_scale_of_numbers_is_the_number_one_or_nothing():
    rng = np.random.default_rng(0)
    has, member = rng.random((200, 1)) < 0.3, rng.random((200, 1)) < 0.2
    numbers, _ = number_effects(has.astype(float), member)
    shares, _ = category_effects(has, member)
    assert numbers == pytest.approx(shares)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(deadline=None)
def test_q_is_that_of_benjamini_and_hochberg(values):
    p = np.array([np.nan, *values, np.nan])
    q = adjusted(p)
    assert np.isnan(q[[0, -1]]).all()
    assert q[1:-1] == pytest.approx(false_discovery_control(values))


def test_v_is_that_of_cramer():
    from scipy.stats import contingency

    table = np.array([[12, 3], [40, 145]])
    v = contingency.association(table, method="cramer")
    assert cramers_v(12 / 15, 40 / 185, 15 / 200) == pytest.approx(v)


def test_few_pictures_and_columns_that_do_not_vary_say_nothing():
    member = np.zeros((20, 1), bool)
    member[:4] = True
    assert np.isnan(number_effects(np.random.default_rng(0).normal(size=(20, 1)), member)).all()
    member[:10] = True
    delta, p = number_effects(np.ones((20, 1)), member)
    assert delta[0, 0] == 0
    assert p[0, 0] == 1
