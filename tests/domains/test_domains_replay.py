from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from draw_edits import EDITS, grouping
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxprobe.domains.edits import Drop, Merge, Rename, Split
from onnxprobe.domains.grouping import Grouping
from onnxprobe.domains.matching import matched, overlap
from onnxprobe.domains.parting import parts
from onnxprobe.domains.replay import carried, replayed
from onnxprobe.errors import DomainError

MASKS = st.integers(0, 2**31).map(
    lambda seed: np.random.default_rng(seed).random((12, 1 + seed % 4)) < 0.4
)


def vectors(_view):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 5)).astype(np.float32)
    x[::2, 0] += 20
    return x


@given(MASKS, MASKS)
@settings(deadline=None)
def test_the_overlap_is_what_sets_say(one, other):
    for i, j in np.ndindex(one.shape[1], other.shape[1]):
        a, b = set(np.flatnonzero(one[:, i])), set(np.flatnonzero(other[:, j]))
        expected = len(a & b) / len(a | b) if a | b else 0
        assert overlap(one, other)[i, j] == pytest.approx(expected)


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_no_other_way_of_matching_gives_more(seed):
    overlaps = np.random.default_rng(seed).random((3, 4))
    counts = np.where(overlaps > 0.5, overlaps, 0)
    best = max(
        sum(counts[i, j] for i, j in enumerate(order)) for order in permutations(range(4), 3)
    )
    assert sum(overlaps[i, j] for i, j in matched(overlaps)) == pytest.approx(best)


def test_half_of_a_group_is_not_the_group():
    group = np.arange(10)[:, None] < 8
    assert matched(overlap(group, np.arange(10)[:, None] < 4)) == []
    assert matched(overlap(group, np.arange(10)[:, None] < 5)) == [(0, 0)]


def test_two_heaps_are_parted_whatever_all_have_in_common():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 20)) + 100
    x[40:, 7] += 12
    labels = parts(x.astype(np.float32), 2)
    assert labels.tolist() == [0] * 40 + [1] * 20  # the largest first
    assert parts(x.astype(np.float32), 2).tolist() == labels.tolist()


@given(st.integers(2, 5), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_no_part_is_empty(count, seed):
    x = np.random.default_rng(seed).normal(size=(4 * count, 3)).astype(np.float32)
    assert set(parts(x, count).tolist()) == set(range(count))


@pytest.mark.parametrize(
    ("x", "said"),
    [(np.eye(3), "3 pictures are too few for 2 parts"), (np.ones((9, 2)), "differ too little")],
)
def test_what_cannot_be_parted_is_said(x, said):
    with pytest.raises(DomainError, match=said):
        parts(x.astype(np.float32), 2)


def test_no_edits_leave_everything():
    found = grouping()
    result = replayed(found, (), vectors)
    assert result.grouping == found
    assert len(result.parted) == 0


@given(EDITS)
@settings(max_examples=60, deadline=None)
def test_any_edits_give_groups_with_different_names_or_are_skipped(edits):
    result = replayed(grouping(names=["a", "b", "ab"]), edits, vectors)
    assert len(set(result.grouping.names)) == len(result.grouping)
    assert result.grouping.member.shape == (30, len(result.grouping))
    assert len(result.skipped) == len(edits)


def test_what_is_said_of_groups_that_are_lost_is_skipped_and_the_rest_is_done():
    edits = (
        Rename("gone", "lost name"),
        Rename("lost name", "again"),
        Merge(("domain 0", "gone"), "merged"),
        Drop(("domain 1", "gone")),
    )
    result = replayed(grouping(), edits, vectors, lost=["gone"])
    assert result.grouping.names == ("merged", "domain 2")
    assert [skip.why for skip in result.skipped] == [
        "no group like 'gone' was found",
        "no group like 'lost name' was found",
        "no group like 'gone' was found",
        "no group like 'gone' was found",
    ]
    assert all(skip.lost for skip in result.skipped)


def test_what_is_wrong_is_no_loss():
    (skip,) = replayed(grouping(), (Drop(("domain 9",)),), vectors).skipped
    assert not skip.lost
    assert "no domain named 'domain 9'" in skip.why


def test_groups_that_come_back_in_another_order_have_their_names_again():
    before = grouping((9, 7, 5), names=["flags", "cats", "dogs"])
    found = grouping((9, 7, 5)).only([2, 0])
    fresh = np.zeros((30, 1), bool)
    fresh[:3] = True
    found = Grouping(
        found.paths, (*found.groups, found.groups[0]), np.hstack([found.member, fresh])
    )
    named, lost = carried(found, before)
    assert named.names == ("dogs", "flags", "domain 2")
    assert lost.names == ("cats",)


def test_a_group_that_is_new_is_never_called_like_one_of_before():
    before = grouping((9, 7))
    found = replace(grouping((9, 7), seed=5))
    named, lost = carried(found, before)
    assert not set(named.names) & set(before.names)
    assert lost.names == before.names


def test_names_that_the_recipe_gives_stay_whatever_becomes_of_the_pictures():
    before = grouping((9, 7), names=["cat", "dog"])
    found = grouping(
        (9, 7, 5), names=["dog", "cat", "cow"]
    )  # the first has the pictures of the cats
    named, lost = carried(found, before)
    assert named.names == ("dog", "cat", "cow")
    assert len(lost) == 0


def test_names_that_only_count_go_with_the_pictures():
    before = grouping((9, 7), names=["component 1 +", "component 2 −"])
    found = grouping((9, 7), names=["component 2 −", "component 1 +"])
    named, _ = carried(found, before)
    assert named.names == before.names


def test_pictures_that_are_in_one_run_alone_do_not_count():
    before = grouping((9,), names=["flags"])
    more = Grouping(
        tuple(f"new {i}" for i in range(70)) + before.paths,
        grouping((9,)).groups,
        np.vstack([np.ones((70, 1), bool), before.member]),
    )
    assert carried(more, before)[0].names == ("flags",)
    apart = replace(grouping((9,)), paths=tuple(f"other {i}" for i in range(30)))
    assert carried(apart, before)[1].names == ("flags",)


def test_the_parts_of_a_split_keep_their_names_when_they_change_places():
    found = grouping((20, 6))
    split = (Split("domain 0", ("left", "right")),)
    first = replayed(found, split, vectors)
    swapped = Grouping(
        first.parted.paths, first.parted.groups[::-1], first.parted.member
    )  # what was called left is right now
    again = replayed(found, split, vectors, before=swapped)
    np.testing.assert_array_equal(again.grouping.member[:, 0], first.grouping.member[:, 1])
    np.testing.assert_array_equal(again.grouping.member[:, 1], first.grouping.member[:, 0])
