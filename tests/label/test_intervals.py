import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.label.intervals import expected, shared, wilson

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_it_is_the_interval_that_the_literature_prints():
    """Newcombe (1998), Statistics in Medicine 17:857, table I, method 3."""
    for count, of, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        found = wilson(count, of, confidence=0.95)
        assert (round(float(found.low), 4), round(float(found.high), 4)) == (low, high)


def test_differences_are_those_that_the_literature_prints():
    """Newcombe (1998), Statistics in Medicine 17:873, table II, method 10: 56/70 − 48/80."""
    found = expected(56, 70, 48, 80, confidence=0.95)
    low, high = 0.0524, 0.3339  # of the difference 56/70 − 48/80
    assert float(found.low) == pytest.approx(48 / 80 + low, abs=5e-5)
    assert float(found.high) == pytest.approx(56 / 70 + high - (56 / 70 - 48 / 80), abs=5e-5)


@given(COUNTS, st.floats(0.01, 0.999))
def test_the_share_is_inside_and_bounds_are_shares(measured, confidence):
    count, of = measured
    low, high = wilson(count, of, confidence=confidence)
    assert 0 <= low <= count / of + 1e-12
    assert count / of - 1e-12 <= high <= 1


@given(COUNTS)
def test_wilsons_bounds_are_where_the_normal_test_just_rejects(measured):
    """The definition: the shares p for which |p̂ − p| ≤ z·√(p(1−p)/n)."""
    count, of = measured
    for bound in wilson(count, of, confidence=0.95):
        off = abs(count / of - bound)
        assert off == pytest.approx(1.959963984540054 * np.sqrt(bound * (1 - bound) / of), abs=1e-9)


@given(COUNTS, st.floats(0, 1))
def test_of_very_many_pictures_what_is_left_is_wilsons(measured, share):
    many = 10**15
    plain = wilson(*measured, confidence=0.9)
    wide = expected(*measured, share * many, many, confidence=0.9)
    np.testing.assert_allclose(wide, plain, atol=1e-6)


@given(COUNTS, COUNTS)
def test_few_pictures_now_make_it_wider(before, now):
    few = expected(*before, *now, confidence=0.95)
    plain = wilson(*before, confidence=0.95)
    assert few.low <= plain.low + 1e-12
    assert few.high >= plain.high - 1e-12


def test_of_no_pictures_anything_may_be():
    assert wilson(0, 0, confidence=0.95) == (0, 1)


def test_an_unchanged_share_leaves_the_interval_as_rarely_as_promised():
    """40 classes, 400 draws: at 95 % for all together about 20 draws have one outside."""
    rng, rates = np.random.default_rng(0), np.linspace(0.01, 0.5, 40)
    level, missed = shared(0.95, 40), 0
    for _ in range(400):
        before, now = rng.binomial(2000, rates), rng.binomial(5000, rates)
        low, high = expected(before, 2000, now, 5000, confidence=level)
        missed += bool(((now / 5000 < low) | (now / 5000 > high)).any())
    assert 5 <= missed <= 40  # 20 ± 4.4 by chance; Wilson is not exact in the far tails


def test_many_questions_share_the_doubt():
    assert shared(0.95, 1) == pytest.approx(0.95)
    assert shared(0.95, 50) == pytest.approx(0.999)
