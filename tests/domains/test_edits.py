import numpy as np
import pytest
from draw_edits import grouping, halves

import onnxprobe.domains.edits as edits_
from onnxprobe.domains.actions import ACTIONS
from onnxprobe.domains.edits import EDITS, Asked, Drop, Keep, Merge, Rename, Split
from onnxprobe.errors import DomainError, NoSuchNameError


def test_a_name_that_is_changed_and_changed_back_is_the_one_before():
    before = grouping()
    there = Rename("domain 1", "flags")(before, halves)
    again = Rename("flags", "domain 1")(there, halves)
    assert there.names == ("domain 0", "flags", "domain 2")
    assert again.groups == before.groups
    np.testing.assert_array_equal(again.member, before.member)


def test_merged_domains_have_all_their_pictures_and_stand_where_the_first_stood():
    before = grouping()
    after = Merge(("domain 2", "domain 1"), "both")(before, halves)
    assert after.names == ("domain 0", "both")
    np.testing.assert_array_equal(after.member[:, 1], before.member[:, 1] | before.member[:, 2])
    assert after.groups[1].view == before.groups[1].view  # the largest of them
    assert after.groups[1].stability is None  # nobody has looked whether it comes back


def test_merged_domains_may_keep_the_name_of_one_of_them():
    assert Merge(("domain 0", "domain 1"), "domain 1")(grouping(), halves).names == (
        "domain 1",
        "domain 2",
    )


def test_the_parts_of_a_split_are_its_pictures_each_in_one_part():
    before = grouping()
    after = Split("domain 0", ("left", "right"))(before, halves)
    assert after.names == ("left", "right", "domain 1", "domain 2")
    np.testing.assert_array_equal(after.member[:, :2].sum(axis=1), before.member[:, 0])


def test_splitting_and_merging_again_gives_the_same_pictures():
    before = grouping()
    parts = Split("domain 1", ("a", "b"))(before, halves)
    after = Merge(("a", "b"), "domain 1")(parts, halves)
    assert after.names == before.names
    np.testing.assert_array_equal(after.member, before.member)


def test_dropping_some_is_keeping_the_others():
    dropped = Drop(("domain 1",))(grouping(), halves)
    kept = Keep(("domain 2", "domain 0"))(grouping(), halves)
    assert dropped.names == kept.names == ("domain 0", "domain 2")
    np.testing.assert_array_equal(dropped.member, kept.member)


def test_an_edit_does_not_touch_what_it_is_given():
    before = grouping()
    copy = before.member.copy()
    for edit in (
        Rename("domain 0", "x"),
        Merge(("domain 0", "domain 1"), "x"),
        Split("domain 0", ("x", "y")),
        Drop(("domain 0",)),
        Keep(("domain 0",)),
    ):
        edit(before, halves)
    np.testing.assert_array_equal(before.member, copy)
    assert before.names == ("domain 0", "domain 1", "domain 2")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Rename("domain 9", "x"), "no domain named 'domain 9'"),
        (Rename("domain 0", "domain 1"), "two domains cannot both be called 'domain 1'"),
        (Rename("domain 0", " x"), "a domain cannot be called ' x'"),
        (Rename("domain 0", "7"), "'7'; that is taken for an id"),
        (Rename("domain 0", "a\nb"), "a domain cannot be called"),
        (Split("domain 0", ("domain 1", "x")), "two domains cannot both be called 'domain 1'"),
        (Drop(("domain 0", "domain 1", "domain 2")), "no domain would be left"),
    ],
)
def test_what_cannot_be_done_is_said(edit, said):
    with pytest.raises((DomainError, NoSuchNameError), match=said):
        edit(grouping(), halves)


def test_domains_are_meant_by_name_or_by_id():
    asked = Asked(grouping(names=["flags", "domain 0", "cats"]), ("0", "cats", "flags", "domain 0"))
    assert asked.domains() == ("flags", "cats", "domain 0")
    with pytest.raises(NoSuchNameError, match="no domain named '3'"):
        Asked(grouping(), ("3",)).domains()


@pytest.mark.parametrize(
    ("action", "words", "more", "said"),
    [
        ("rename", ("0",), {}, "'rename': it takes a domain and its new name, not 1 word"),
        ("merge", ("0", "domain 0"), {}, "'merge': it takes two domains or more, not 1"),
        ("merge", ("0", "1"), {"called": ("a", "b")}, "one domain has one name"),
        ("split", ("0",), {"into": 1}, "split into 2 to 20 parts, not 1"),
        ("split", ("0",), {"into": 3, "called": ("a", "b")}, "3 parts need 3 names"),
        ("drop", (), {}, "it takes one domain or more, not 0"),
        ("undo", (), {}, "nothing to take back"),
        ("apply", ("0",), {}, "it takes nothing, not 1 word"),
    ],
)
def test_what_was_asked_for_wrongly_is_said_with_how_to_ask(action, words, more, said):
    with pytest.raises(DomainError, match=said):
        ACTIONS[action].edits((), Asked(grouping(), words, **more))


def test_what_is_asked_becomes_an_edit():
    asked = Asked(grouping(), ("1",), into=3)
    parts = ("domain 1.1", "domain 1.2", "domain 1.3")
    assert ACTIONS["split"].edits((), asked) == (Split("domain 1", parts),)
    both = Asked(grouping(), ("2", "0"))
    assert ACTIONS["merge"].edits((), both) == (Merge(("domain 2", "domain 0"), "domain 2"),)
    assert ACTIONS["undo"].edits((1, 2), Asked(grouping(), ())) == (1,)


def test_every_file_is_registered():
    from pathlib import Path

    files = {path.stem for path in Path(edits_.__path__[0]).glob("[!_]*.py")}
    assert files == set(EDITS)


@pytest.mark.parametrize("word", [*EDITS, "undo", "apply"])
@pytest.mark.parametrize("given", [{"called": ("c",)}, {"into": 0}, {"into": 3}])
def test_what_an_edit_does_not_take_is_refused_and_not_passed_over(word, given):
    (option,) = given
    named = {"called": "--as", "into": "--into"}[option]
    if named in ACTIONS[word].usage:
        return
    words = {"rename": ("domain 0", "new"), "undo": (), "apply": ()}
    asked = Asked(grouping(), words.get(word, ("domain 0", "domain 1")), **given)
    with pytest.raises(DomainError, match=f"'{word}': it takes no {named}; write: onnxprobe"):
        ACTIONS[word].edits((Drop(("domain 0",)),), asked)


def test_a_domain_is_not_split_into_none():
    with pytest.raises(DomainError, match="split into 2 to 20 parts, not 0"):
        ACTIONS["split"].edits((), Asked(grouping(), ("domain 0",), into=0))
