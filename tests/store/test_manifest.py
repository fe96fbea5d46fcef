import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.errors import PicturesError
from onnxprobe.store.manifest import manifest, sample_rows

NAMES = st.lists(st.text("ab/é\udce9", min_size=1, max_size=8), unique=True, max_size=40).map(
    sorted
)


@given(NAMES, st.integers(0, 2**40))
def test_a_manifest_is_a_permutation_that_knows_where_each_name_was(names, seed):
    order = manifest(names, seed=seed)
    assert sorted(order.names) == names
    assert [names[i] for i in order.ids] == list(order.names)
    assert order.ids.dtype == np.int64


@given(NAMES, st.integers(0, 5))
def test_two_pictures_keep_their_order_whatever_else_is_there(names, seed):
    every = manifest(names, seed=seed).names
    fewer = manifest(names[::2], seed=seed).names
    assert [name for name in every if name in fewer] == list(fewer)


def test_the_order_is_fixed_for_all_time():
    names = [f"{i}.jpg" for i in range(8)]
    assert manifest(names, seed=0).names[:4] == GOLDEN[0]
    assert manifest(names, seed=1).names[:4] == GOLDEN[1]


GOLDEN = {
    0: ("2.jpg", "0.jpg", "7.jpg", "3.jpg"),
    1: ("7.jpg", "6.jpg", "2.jpg", "5.jpg"),
}


def test_the_first_rows_are_a_fair_sample():
    ids = manifest([f"{i:05d}" for i in range(10_000)], seed=0).ids[:1000]
    # The mean of 1000 of 10,000 evenly drawn places lies within four standard errors.
    assert abs(ids.mean() - 4999.5) < 4 * 10_000 / np.sqrt(12 * 1000)


def test_other_names_have_another_digest():
    assert manifest(["a", "b"], seed=0).digest == manifest(["a", "b"], seed=1).digest
    assert manifest(["a", "b"], seed=0).digest != manifest(["ab"], seed=0).digest


def test_a_name_that_is_not_utf8_has_its_place():
    assert set(manifest(["a", "\udce9"], seed=0).names) == {"a", "\udce9"}


@pytest.mark.parametrize(
    ("sample", "rows"),
    [(None, 1000), (1.0, 1000), (0.02, 20), (0.0001, 1), (1, 1), (64, 64), (5000, 1000)],
)
def test_a_sample_is_a_share_or_a_count(sample, rows):
    assert sample_rows(1000, sample) == rows


@pytest.mark.parametrize("sample", [0, 0.0, -1, 1.5, True, float("nan")])
def test_other_samples_are_refused(sample):
    with pytest.raises(PicturesError, match="a sample is a share above 0 and at most 1, such as"):
        sample_rows(1000, sample)
