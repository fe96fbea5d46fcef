"""Pictures joined along their own axis, as siamese networks do, and taken apart again."""

import numpy as np
import pytest
from batch_cases import floats, ints, model, node, together_is_alone

from onnxprobe.batch import dynamic
from onnxprobe.batch.flow import Rows, Woven
from onnxprobe.errors import BatchError

N = node
BOTH = [N("Neg", "x", out="y"), N("Concat", "x", "y", out="both", axis=0)]
ZERO = {"zero": ints(0)}


def cut(*pieces, of=(2, 3, 4), constants=None):
    nodes = [*BOTH, N("Softmax", "both", out="work"), *pieces]
    return model(nodes, of, ZERO | (constants or {}))


def halves(batch):
    return {"one": ints(batch), "two": ints(2 * batch), "sizes": ints(batch, batch)}


SLICED = [
    N("Slice", "work", "zero", "one", "zero", out="a"), N("Slice", "work", "one", "two", "zero", out="b"),
    N("Sub", "a", "b"),
]  # fmt: skip
SPLIT = [
    N("Split", "work", "sizes", outputs=["a", "b"], axis=0), N("Sub", "a", "b"),
]  # fmt: skip
HALVED = [N("Split", "work", outputs=["a", "b"], axis=0), N("Sub", "a", "b")]
COUNTED = [
    N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"), N("Concat", "n", "n", out="ns", axis=0),
    N("Split", "work", "ns", outputs=["a", "b"], axis=0), N("Sub", "a", "b"),
]  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("pieces", [SLICED, SPLIT, HALVED, COUNTED])
def test_blocks_are_taken_apart_where_they_were_joined(pieces, batch):
    diagnosis = together_is_alone(cut(*pieces, of=(batch, 3, 4), constants=halves(batch)))
    assert diagnosis.flows["work"] == Woven(0, 2, 1)
    assert [diagnosis.flows[name] for name in "ab"] == [Rows(0), Rows(0)]


def test_what_was_written_for_one_batch_is_said():
    diagnosis = together_is_alone(cut(*SPLIT, constants=halves(2)))
    (place,) = diagnosis.baked
    assert str(place) == "Split 'split' writes batch 2 into its sizes [2, 2]"
    assert place.becomes == "[1, 1] x batch"
    ends, starts = (
        place.becomes for place in together_is_alone(cut(*SLICED, constants=halves(2))).baked[:2]
    )
    assert (ends, starts) == ("1 x batch", "1 x batch")


def test_maps_are_worked_on_by_themselves_while_they_are_joined():
    nodes = [
        *BOTH, N("Conv", "both", "w", out="c"), N("MaxPool", "c", out="m", kernel_shape=[2, 2]),
        N("Resize", "m", "", "twice", out="r"), N("Reshape", "r", "apart", out="p"), N("ReduceMax", "p", axes=[0]),
    ]  # fmt: skip
    constants = {
        "w": floats(2, 3, 2, 2), "twice": np.array([1, 1, 2, 2], np.float32), "apart": ints(2, -1, 16),
    }  # fmt: skip
    assert together_is_alone(model(nodes, (2, 3, 4, 4), constants)).flows["r"] == Woven(0, 2, 1)


def test_a_class_token_is_repeated_by_its_sizes_alone():
    nodes = [*BOTH, N("Expand", "both", "to", out="wide")]
    nodes += [N("Split", "wide", outputs=["a", "b"], axis=0), N("Sub", "a", "b")]
    old = model(nodes, (2, 1, 4), {"to": ints(4, 3, 4)})
    assert [place.becomes for place in together_is_alone(old).baked] == ["shape [1, 3, 4]"]


def test_joined_pictures_stay_so_where_an_axis_is_as_long_as_they_are_many():
    nodes = [
        *BOTH, N("Reshape", "both", "apart", out="work"), N("Split", "work", outputs=["a", "b"], axis=0),
        N("Sub", "a", "b"),
    ]  # fmt: skip
    diagnosis = together_is_alone(model(nodes, (1, 4, 3), {"apart": ints(2, 2, 2, 3)}))
    assert diagnosis.flows["work"] == Woven(0, 2)


def test_three_may_be_joined_one_after_the_other_and_two_of_them_taken():
    nodes = [
        *BOTH, N("Concat", "both", "x", out="three", axis=0), N("Softmax", "three", out="work"),
        N("Slice", "work", "from", "far", "zero", out="last"), N("Split", "last", outputs=["a", "b"], axis=0),
        N("Mul", "a", "b"),
    ]  # fmt: skip
    constants = ZERO | {"from": ints(2), "far": ints(np.iinfo(np.int64).max)}
    diagnosis = together_is_alone(model(nodes, (2, 3), constants))
    assert (diagnosis.flows["three"], diagnosis.flows["last"]) == (Woven(0, 3), Woven(0, 2))


def test_one_alone_is_joined_to_nothing():
    assert together_is_alone(model([N("Concat", "x", axis=0)], (1, 3))).baked == ()


def test_what_is_for_one_picture_is_joined_for_each():
    nodes = [
        N("Concat", "c", "x", out="both", axis=0),
        N("Split", "both", outputs=["a", "b"], axis=0),
    ]
    nodes += [N("Sub", "a", "b")]
    (place,) = together_is_alone(model(nodes, (1, 3), {"c": floats(1, 3)})).baked
    assert place.becomes == "repeated for each picture"


def test_one_row_is_no_block_beside_several_pictures():
    nodes = [N("Concat", "c", "x", out="both", axis=0), N("Reshape", "both", "two", out="r")]
    old = model(nodes, (3, 3), {"c": floats(1, 3), "two": ints(2, 2, 3)})
    with pytest.raises(BatchError, match="joins other rows to those of the pictures along axis 0"):
        dynamic(old)


@pytest.mark.parametrize(
    ("pieces", "constants", "said"),
    [
        (SPLIT, {"sizes": ints(1, 3)}, "Split 'split' cuts pictures that Concat 'both' weaves"),
        ([N("Split", "work", outputs=["a", "b", "c"], axis=0)], {}, "weaves into each other"),
        ([N("Slice", "work", "zero", "one", "zero")], {"one": ints(3)}, "Slice 'slice' cuts pictures"),
        ([N("Slice", "work", "one", "one", "zero")], {"one": ints(2)}, "Slice 'slice' cuts pictures"),
        (
            [N("Slice", "work", "zero", "far", "zero", "two")], {"far": ints(99), "two": ints(2)},
            "Slice 'slice' cuts pictures",
        ),
        ([N("Gather", "work", "zero", axis=0)], {}, "Gather 'gather' needs pictures apart"),
        ([N("Add", "work", "c")], {"c": floats(4, 1, 1)}, "has 4 rows where the pictures lie"),
    ],
)  # fmt: skip
def test_parts_of_blocks_are_refused(pieces, constants, said):
    old = cut(*pieces, constants=constants)
    with pytest.raises(BatchError, match=said):
        dynamic(old)


def test_a_state_that_is_repeated_as_many_times_as_it_is_there_is_taken_once():
    nodes = [
        N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"),
        N("Concat", "n", "wide", out="to", axis=0), N("Expand", "state", "to", out="each"), N("Add", "x", "each"),
    ]  # fmt: skip
    state = np.repeat(floats(1, 40), 3, 0)
    old = model(nodes, (3, 40), ZERO | {"wide": ints(40), "state": state})
    (place,) = together_is_alone(old).baked
    assert place.wrote == "reads 'state' [3, 40], the same for each of 3 pictures"


@pytest.mark.parametrize(("noise", "alike"), [(2e-7, True), (1e-3, False)])
def test_what_is_computed_alike_for_each_picture_may_be_rounded_in_other_ways(noise, alike):
    nodes = [N("Mul", "rows", "rounding", out="c"), N("Add", "x", "c")]
    rounding = np.array([[1], [1 + noise]], np.float32)
    constants = {"rows": np.repeat(floats(1, 40), 2, 0), "rounding": rounding}
    old = model(nodes, (2, 40), constants)
    if alike:
        assert dynamic(old).values["x"].shape == ("N", 40)
        return
    with pytest.raises(BatchError, match="reads 'c', which has 2 rows where the pictures lie"):
        dynamic(old)


def test_each_picture_is_written_into_its_own_part_of_zeros():
    nodes = [N("ScatterND", "zeros", "places", "x")]
    places = np.array([[[0, 2]], [[1, 2]]])
    old = model(nodes, (2, 1, 5), {"zeros": np.zeros((2, 4, 5), np.float32), "places": places})
    assert together_is_alone(old).flows["scatternd"] == Rows(0)


@pytest.mark.parametrize("batch", [1, 3])
def test_pieces_of_one_size_need_no_sizes_where_an_attribute_says_them(batch):
    nodes = [
        *BOTH, N("Split", "both", outputs=["a", "b"], axis=0, split=[batch, batch]), N("Sub", "a", "b"),
    ]  # fmt: skip
    (place,) = together_is_alone(model(nodes, (batch, 3), opset=11)).baked
    assert str(place) == f"Split 'split' writes batch {batch} into its sizes [{batch}, {batch}]"
    assert place.becomes == "2 pieces of one size"


def test_pieces_of_other_sizes_cannot_be_counted_by_an_attribute():
    three = [*BOTH, N("Concat", "both", "x", out="three", axis=0)]
    nodes = [*three, N("Split", "three", outputs=["a", "b"], axis=0, split=[2, 4])]
    with pytest.raises(BatchError, match="Split 'split' cuts pictures that Concat 'three' weaves"):
        dynamic(model(nodes, (2, 3), opset=11))


@pytest.mark.parametrize(("opset", "sizes"), [(11, {"split": [2]}), (11, {}), (17, {})])
def test_pictures_in_one_piece_stay_whole(opset, sizes):
    nodes = [N("Split", "x", outputs=["a"], axis=0, **sizes), N("Neg", "a")]
    assert len(together_is_alone(model(nodes, (2, 3), opset=opset)).baked) == len(sizes)


def test_pictures_in_one_piece_of_a_written_size_stay_whole():
    nodes = [N("Split", "x", "size", outputs=["a"], axis=0), N("Neg", "a")]
    (place,) = together_is_alone(model(nodes, (2, 3), {"size": ints(2)})).baked
    assert place.becomes == "[1] x batch"


def test_a_size_that_is_asked_for_may_say_how_far_joined_pictures_are_repeated():
    nodes = [*BOTH, N("Expand", "both", "to", out="wide"), N("Shape", "wide", out="s")]
    nodes += [N("ReduceMean", "wide", out="m", axes=[1]), N("Expand", "m", "s"), *HALVED]
    nodes[6] = N("Split", "expand", outputs=["a", "b"], axis=0)
    old = model(nodes, (2, 1, 4), {"to": ints(4, 3, 4)})
    assert together_is_alone(old).flows["expand"] == Woven(0, 2)


SIDE_BY_SIDE = N("Reshape", "work", "row", out="r")


@pytest.mark.parametrize(
    ("after", "constants", "rows"),
    [
        ([SIDE_BY_SIDE], {"row": ints(1, 24)}, Rows(0)),
        ([SIDE_BY_SIDE, N("MatMul", "r", "w")], {"row": ints(1, -1), "w": floats(24, 5)}, Rows(0)),
        ([N("Add", "work", "c")], {"c": floats(2, 1, 1)}, Rows(0, 2)),
    ],
)  # fmt: skip
def test_blocks_of_one_picture_are_put_in_order_where_they_are_needed_together(
    after, constants, rows
):
    old = cut(*after, of=(1, 3, 4), constants=constants)
    diagnosis = together_is_alone(old)
    assert diagnosis.flows[old.outputs[0]] == rows
    assert "one picture after the other" in {place.becomes for place in diagnosis.baked}


def test_blocks_of_several_pictures_are_in_one_order_only():
    with pytest.raises(BatchError, match="which mixes rows of different pictures"):
        dynamic(cut(SIDE_BY_SIDE, of=(4, 3, 4), constants={"row": ints(4, 24)}))
