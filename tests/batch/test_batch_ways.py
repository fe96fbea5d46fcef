"""Axes of size 1: along which of them the pictures of a batch of 1 lie is shown by what comes behind."""

import pytest
from batch_cases import ints, model, node, together_is_alone

from onnxprobe.batch import baked, diagnose, dynamic
from onnxprobe.batch.flow import Rows
from onnxprobe.errors import BatchError

N = node
ONE = {"apart": ints(1, 1, 6), "first": ints(0)[0]}
"""A row becomes [1, 1, 6]: a token of a picture, or a picture of a token."""


def test_what_is_picked_from_shows_where_the_pictures_are_not():
    nodes = [
        N("Reshape", "x", "apart", out="a"), N("Transpose", "a", out="b", perm=[1, 0, 2]),
        N("Gather", "b", "first", out="c", axis=1),
    ]  # fmt: skip
    diagnosis = together_is_alone(model(nodes, (1, 6), ONE))
    assert [diagnosis.flows[name] for name in "abc"] == [Rows(1), Rows(0), Rows(0)]
    (place,) = diagnosis.baked
    assert place.becomes == "shape [1, -1, 6]"


def test_the_likeliest_is_taken_where_nothing_speaks_against_it():
    nodes = [N("Reshape", "x", "apart", out="a"), N("Relu", "a")]
    assert together_is_alone(model(nodes, (1, 6), ONE)).flows["a"] == Rows(0)


def test_a_choice_further_back_is_made_the_other_way_where_the_last_one_does_not_help():
    nodes = [
        N("Reshape", "x", "apart", out="a"), N("Softmax", "a", out="b", axis=0),
        N("Reshape", "b", "row", out="c"), N("Relu", "c", out="d"),
    ]  # fmt: skip
    diagnosis = together_is_alone(model(nodes, (1, 6), ONE | {"row": ints(1, 6)}))
    assert [diagnosis.flows[name] for name in "abcd"] == [Rows(1), Rows(1), Rows(0), Rows(0)]


def test_what_another_branch_needs_is_not_turned_away_from():
    nodes = [
        N("Reshape", "x", "apart", out="a"), N("Softmax", "a", out="b", axis=1),
        N("Softmax", "a", out="c", axis=0), N("Add", "b", "c"),
    ]  # fmt: skip
    old = model(nodes, (1, 6), ONE)
    with pytest.raises(BatchError, match="Softmax 'c' is taken over axis 0, where the pictures"):
        dynamic(old)
    assert diagnose(old).flows["b"] == Rows(0)
    assert [place.becomes for place in baked(old)] == ["shape [0, 1, 6]"]


def test_pictures_that_never_lie_apart_are_refused_for_the_first_reason():
    nodes = [N("Reshape", "x", "apart", out="a"), N("ReduceMax", "a", axes=[0, 1])]
    with pytest.raises(BatchError, match="ReduceMax 'reducemax' reduces axis 0, where the pictur"):
        dynamic(model(nodes, (1, 6), ONE))


def heads(batch):
    """Scores of 2 heads x 4 tokens x 4 tokens, multiplied by (batch, 2, 4, 3)."""
    return [
        N("Transpose", "x", out="keys", perm=[0, 1, 3, 2]), N("MatMul", "x", "keys", out="scores"),
        N("Reshape", "scores", "bare", out="apart"), N("Softmax", "apart", out="shares"),
        N("MatMul", "shares", "x", out="values"),
    ], (batch, 2, 4, 3), {"bare": ints(2 * batch, 4, 4)}  # fmt: skip


def test_an_axis_for_one_picture_that_was_left_out_is_put_back():
    diagnosis = together_is_alone(model(*heads(1)))
    assert (diagnosis.flows["shares"], diagnosis.flows["values"]) == (Rows(0, 2), Rows(0))
    last = diagnosis.baked[-1]
    assert str(last) == "MatMul 'values' reads 'shares' [2, 4, 4] without the axis for pictures"
    assert last.becomes == "shape [-1, 2, 4, 4]"


@pytest.mark.parametrize("shape", [(2, 2, 4, 3), (1, 2, "tokens", 3)])
def test_an_axis_is_put_back_for_one_picture_of_known_size_alone(shape):
    nodes, _, constants = heads(1)
    nodes[2:3] = [
        N("ReduceMax", "scores", out="m", axes=[1]),
        N("Squeeze", "m", "axis", out="apart"),
    ]
    with pytest.raises(
        BatchError, match="brings tensors together whose pictures lie along different"
    ):
        dynamic(model(nodes, shape, constants | {"axis": ints(1)}))


def test_an_axis_is_put_back_before_elements_are_added_too():
    nodes, shape, constants = heads(1)
    nodes[-1] = N("Add", "shares", "scores")
    assert together_is_alone(model(nodes, shape, constants)).flows["add"] == Rows(0)


def test_an_answer_that_is_woven_shows_that_the_pictures_lie_elsewhere():
    nodes = [N("Reshape", "x", "apart", out="a"), N("Concat", "a", "a", out="b", axis=0)]
    assert together_is_alone(model(nodes, (1, 6), ONE)).flows["b"] == Rows(1)
