import numpy as np

from recipes.groups.merging import Candidate, merged


def group(rows, stability=0.9, isolation=3.0, view="v"):
    member = np.zeros(200, bool)
    member[rows] = True
    return Candidate(member, view, 1.0, stability, isolation)


def test_of_near_duplicates_the_more_isolated_is_kept():
    a, b = group(range(50), isolation=2.0), group(range(2, 51), isolation=4.0, view="w")
    assert merged([a, b]) == [b]


def test_a_mere_piece_of_a_better_group_is_left_out():
    whole, part = group(range(80), isolation=4.0), group(range(20), isolation=2.0)
    assert merged([part, whole]) == [whole]


def test_a_group_inside_a_weaker_one_is_kept_beside_it():
    whole, core = group(range(80), isolation=2.0), group(range(20), isolation=4.0)
    assert merged([whole, core]) == [core, whole]


def test_groups_that_only_overlap_are_both_kept():
    a, b = group(range(60)), group(range(40, 100))
    assert len(merged([a, b])) == 2


def test_above_plain_isolation_the_larger_of_two_equally_stable_is_kept():
    whole, part = group(range(80), isolation=9.0), group(range(60), isolation=50.0)
    assert merged([part, whole]) == [whole]


def test_the_order_given_does_not_matter():
    groups = [group(range(i, i + 30), 0.8 + i / 1000, 2 + i / 50) for i in range(0, 120, 7)]
    assert merged(groups) == merged(groups[::-1])


def test_nothing_merges_to_nothing():
    assert merged([]) == []
