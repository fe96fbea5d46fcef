import numpy as np
import pytest
from blobs import planted
from sklearn.linear_model import LogisticRegression

from recipes.heads.balanced import break_even, calibrated, fit


def test_each_column_is_the_balanced_regression_of_scikit_learn():
    x, label = planted((40, 25), step=1.0)
    x /= np.sqrt((x**2).sum(axis=1).mean())
    member = label[:, None] == [1, 2]
    used = np.ones_like(member)
    used[:100, 1] = False
    weight, bias = fit(x, member, used, penalty=1e-3)
    for k in range(2):
        rows = used[:, k]
        strength = 1 / (1e-3 * rows.sum())  # scikit-learn adds losses up where we take the mean
        model = LogisticRegression(C=strength, class_weight="balanced", tol=1e-8, max_iter=5000)
        model.fit(x[rows].astype(np.float64), member[rows, k])
        np.testing.assert_allclose(weight[k], model.coef_[0], atol=0.02 * abs(model.coef_).max())
        assert bias[k] == pytest.approx(model.intercept_[0], abs=0.02)


def test_rows_that_stand_for_many_weigh_as_these_would():
    x, label = planted((40,), n=200, step=1.0)
    x /= np.sqrt((x**2).sum(axis=1).mean())
    member, many = label[:, None] == 1, np.where(np.arange(200) % 3 == 0, 2, 1)
    twice = np.repeat(np.arange(200), many)
    every = np.ones((len(twice), 1), bool)
    weight, bias = fit(x[twice], member[twice], every, penalty=1e-3)
    few = fit(x, member, every[:200], many.astype(np.float32), penalty=1e-3)
    np.testing.assert_allclose(few[0], weight, atol=1e-3)  # where the optimiser stops
    np.testing.assert_allclose(few[1], bias, atol=1e-3)


def test_above_the_break_even_lie_as_many_rows_as_belong():
    rng = np.random.default_rng(0)
    member = rng.random(300) < 0.1
    logits = rng.normal(size=300) + 2 * member
    above = logits > break_even(logits, member)
    assert above.sum() == member.sum()


@pytest.mark.parametrize("everybody", [True, False])
def test_a_domain_of_all_or_none_has_a_break_even_too(everybody):
    assert np.isfinite(break_even(np.arange(5.0), np.full(5, everybody)))


def test_calibrated_logits_are_chances():
    rng = np.random.default_rng(0)
    true = rng.normal(-2, 2, size=20_000)
    member = rng.random(20_000) < 1 / (1 + np.exp(-true))
    slope, offset = calibrated(5 * true + 3, member)
    assert slope == pytest.approx(0.2, rel=0.05)
    assert offset == pytest.approx(-0.6, abs=0.1)


def test_calibration_ends_where_nothing_overlaps_and_where_nothing_is_known():
    apart = np.r_[np.full(90, -40.0), np.full(10, 40.0)]
    slope, offset = calibrated(apart, apart > 0)
    assert 0 < slope < 1
    assert np.isfinite(offset)
    slope, _ = calibrated(-apart, apart > 0)
    assert slope > 0  # never turned round
