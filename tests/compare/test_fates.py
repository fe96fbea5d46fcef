import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from onnxprobe.compare.fates import fates

N = 100


def mask(*ranges):
    member = np.zeros((N, len(ranges)), bool)
    for column, (start, stop) in enumerate(ranges):
        member[start:stop, column] = True
    return member


def told(one, other):
    names = [f"a{i}" for i in range(one.shape[1])]
    theirs = [f"b{i}" for i in range(other.shape[1])]
    return {fate.name: (fate.fate, fate.others) for fate in fates(one, other, names, theirs)}


def test_the_same_pictures_are_the_same_domain_whatever_its_place():
    one = mask((0, 20), (30, 50))
    assert told(one, one[:, ::-1]) == {"a0": ("same", ("b1",)), "a1": ("same", ("b0",))}


def test_a_domain_in_pieces_is_split_and_seen_from_there_its_pieces_are_merged():
    whole, pieces = mask((0, 40)), mask((0, 19), (20, 40))
    assert told(whole, pieces) == {"a0": ("split", ("b0", "b1"))}
    assert told(pieces, whole) == {"a0": ("merged", ("b0",)), "a1": ("merged", ("b0",))}


def test_a_domain_that_is_a_piece_of_a_larger_one_is_a_part_of_it():
    assert told(mask((0, 10)), mask((0, 60))) == {"a0": ("part", ("b0",))}


def test_a_piece_of_a_domain_that_is_still_there_is_a_part_of_it():
    """The larger is the same in both; the smaller was found in one alone."""
    one, other = mask((0, 60), (0, 10)), mask((0, 58))
    assert told(one, other) == {"a0": ("same", ("b0",)), "a1": ("part", ("b0",))}


def test_what_lies_nowhere_is_gone_and_seen_from_there_it_has_appeared():
    one, other = mask((0, 20)), mask((50, 80))
    assert told(one, other) == {"a0": ("gone", ())}
    assert told(other, one) == {"a0": ("gone", ())}
    assert told(one, mask()) == {"a0": ("gone", ())}


def test_two_small_pieces_of_a_large_domain_do_not_split_it():
    assert told(mask((0, 60)), mask((0, 12), (20, 32)))["a0"] == ("gone", ())
    assert told(mask((0, 12), (20, 32)), mask((0, 60))) == {
        "a0": ("part", ("b0",)),
        "a1": ("part", ("b0",)),
    }


def test_a_merge_is_one_also_where_one_of_the_two_is_most_of_it():
    one, other = mask((0, 23), (30, 47)), mask((0, 23))
    other[30:47, 0] = True
    assert told(one, other) == {"a0": ("merged", ("b0",)), "a1": ("merged", ("b0",))}
    assert told(other, one) == {"a0": ("split", ("b0", "b1"))}


def test_a_domain_without_pictures_in_both_runs_is_left_out():
    assert told(mask((0, 0), (0, 9)), mask((0, 9))) == {"a1": ("same", ("b0",))}


@given(st.integers(0, 5000))
@example(1550)  # two ways to match add up to the same
def test_every_domain_has_one_fate_and_what_is_the_same_is_so_from_both_sides(seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.random((30, rng.integers(0, 5))) < rng.random() for _ in range(2))
    there, back = told(one, other), told(other, one)
    assert len(there) == (one.sum(axis=0) > 0).sum()
    same = {(mine, others[0]) for mine, (fate, others) in there.items() if fate == "same"}
    from_there = {
        (others[0].replace("b", "a"), mine.replace("a", "b"))
        for mine, (fate, others) in back.items()
        if fate == "same"
    }
    assert same == from_there
