import numpy as np
from blobs import crowd

from recipes.vectors.whitening import half_whitening


def test_components_are_uncorrelated_and_keep_the_root_of_their_variance():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(3000, 12)) @ rng.normal(size=(12, 12))).astype(np.float32)
    z = half_whitening(x, 12, seed=0)(x)
    covariance = np.cov(z.T)
    variance = np.linalg.eigvalsh(np.corrcoef(x.T))[::-1]
    np.testing.assert_allclose(np.diag(covariance), np.sqrt(variance), rtol=1e-2)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-2


def test_the_scale_and_offset_of_a_column_do_not_matter():
    x = crowd(300, 6)
    moved = x * np.float32([1, 10, 0.1, 5, 2, 100]) + np.float32([0, 3, 0, -8, 1, 50])
    a, b = (half_whitening(v, 6, seed=0)(v) for v in (x, moved))
    np.testing.assert_allclose(np.abs(a), np.abs(b), atol=2e-3)  # signs of axes are free


def test_columns_that_vary_by_rounding_alone_are_left_out():
    x = crowd(200, 5)
    steady = np.full((200, 2), 1000, np.float32)
    steady[::2] = np.nextafter(np.float32(1000), np.float32(2000))
    whitening = half_whitening(np.hstack([x, steady]), 8, seed=0)
    assert (whitening.transform[5:] == 0).all()
    assert whitening.transform.shape[1] == 5


def test_the_same_vector_in_every_row_has_no_components():
    x = np.full((50, 4), 3, np.float32)
    assert half_whitening(x, 4, seed=0)(x).shape == (50, 0)


def test_more_columns_than_rows_are_fine():
    x = crowd(40, 300)
    z = half_whitening(x, 256, seed=0)(x)
    assert z.shape == (40, 39)
    assert np.isfinite(z).all()


def test_very_wide_vectors_give_the_same_components_every_time():
    x = np.random.default_rng(0).normal(size=(60, 5000)).astype(np.float32)
    a, b = (half_whitening(x, 16, seed=3)(x) for _ in range(2))
    assert (a == b).all()
