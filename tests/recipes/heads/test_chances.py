import numpy as np
import pytest

from recipes.heads.chances import evened, temperature

RNG = np.random.default_rng(0)


def drawn(logits):
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (RNG.random((len(logits), 1)) > chance.cumsum(axis=1)).sum(axis=1)


@pytest.mark.parametrize("factor", [0.01, 1.0, 50.0])
def test_the_temperature_that_was_taken_away_is_found_again(factor):
    true = 2 * RNG.normal(size=(20_000, 4))
    labels = drawn(true)
    assert temperature(factor * true, labels) * factor == pytest.approx(1, rel=0.05)


def test_shares_that_a_balanced_fit_has_undone_are_put_right():
    true = 1.5 * RNG.normal(size=(20_000, 3)) + [3.0, 1.0, 0.0]
    labels = drawn(true)
    scale, offsets = evened(true - [3.0, 1.0, 0.0], labels)
    said = (scale * (true - [3.0, 1.0, 0.0]) + offsets).argmax(axis=1)
    np.testing.assert_allclose(np.bincount(said) / np.bincount(labels), 1, atol=0.05)


def test_what_cannot_be_told_apart_does_not_break_it():
    labels = RNG.integers(0, 3, 50)
    scale, offsets = evened(np.zeros((50, 3)), labels)
    assert np.isfinite([scale, *offsets]).all()


def test_what_is_told_apart_without_error_stays_finite():
    labels = RNG.integers(0, 3, 50)
    scale, offsets = evened(9.0 * np.eye(3)[labels], labels)
    assert np.isfinite([scale, *offsets]).all()
    assert (scale * 9 * np.eye(3)[labels] + offsets).argmax(axis=1).tolist() == labels.tolist()
