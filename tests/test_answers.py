import numpy as np
import pytest

from onnxprobe.answers import agreement, apart, same

A = np.array([1.0, np.nan, np.inf, -2.0], np.float32)


def test_equal_answers_are_identical():
    found = agreement("y", [A, A], [A.copy(), A.copy()])
    assert (found.identical, found.max_difference, found.largest) == (True, 0.0, 2.0)


def test_the_largest_difference_counts_relative_to_the_largest_value():
    found = agreement("y", [np.float32([10, 20])], [np.float32([10, 21])])
    assert (found.identical, found.max_difference, found.relative) == (False, 1.0, 0.05)
    assert agreement("y", [np.float32([0.1])], [np.float32([0.2])]).relative == pytest.approx(0.1)


def test_not_a_number_against_a_number_is_never_within_a_tolerance():
    number, none = np.float32([1]), np.float32([np.nan])
    for old, new in (([number, number], [number, none]), ([number, none], [number, number])):
        found = agreement("y", old, new)
        assert np.isnan(found.max_difference)
        assert not found.relative <= 1e9


@pytest.mark.parametrize("b", [A.astype(np.float64), A[None], A[:2]])
def test_another_type_or_shape_is_infinitely_far(b):
    assert not same(A, b)
    assert apart(A, b) == np.inf


def test_text_is_the_same_or_not():
    cat, dog = np.array(["cat"], object), np.array(["dog"], object)
    assert apart(cat, cat.copy()) == 0
    assert apart(cat, dog) == np.inf


def test_a_sign_of_zero_is_a_bit_but_no_difference():
    found = agreement("y", [np.float32([0.0])], [np.float32([-0.0])])
    assert (found.identical, found.max_difference) == (False, 0.0)


def objects(*things):
    made = np.empty(len(things), object)
    for place, thing in enumerate(things):
        made[place] = thing
    return made


@pytest.mark.parametrize(
    ("a", "b", "far"),
    [
        (objects("cat"), objects(str(np.str_("cat"))), 0),
        (objects("cat"), objects("dog"), np.inf),
        (objects(A, A[:2]), objects(A.copy(), A[:2].copy()), 0),
        (objects(A, A[:2]), objects(A, A[:2] + 3), 3),
        (objects(A, A[:2]), objects(A, A[:3]), np.inf),
        (objects(A), objects(A, A), np.inf),
        (objects({"x": 1.0}), objects({"x": 1.5}), 0.5),
        (objects({"x": np.nan}), objects({"x": float("nan")}), 0),
        (objects({"x": 1.0}), objects({"y": 1.0}), np.inf),
        (objects(), objects(), 0),
    ],
)
def test_texts_sequences_and_maps_are_compared_by_what_they_hold(a, b, far):
    assert (same(a, b), apart(a, b)) == (far == 0, far)
