"""Places that count through the rows of all pictures, computed: which picture, and which row of it."""

import numpy as np
import onnx
import pytest
from batch_cases import floats, ints, model, node, together_is_alone

from onnxprobe.batch import dynamic
from onnxprobe.batch.flow import Counting, Rows
from onnxprobe.errors import BatchError

N = node
LAST = [
    N("ReduceMax", "x", out="m", axes=[2], keepdims=0),
    N("ArgMax", "m", out="i", axis=1, keepdims=0),
]
"""For each picture of ``x`` (n, 4, 3) one of its 4 rows."""
ROWS = {"rows": ints(-1, 3), "end": ints(-1)}


def one_number(before, *, dtype=np.int64):
    """Rows of all pictures, looked up by a number that counts through them."""
    before = np.asarray(before, dtype)
    nodes = [
        *LAST, N("Cast", "i", out="own", to=onnx.helper.np_dtype_to_tensor_dtype(before.dtype)),
        N("Add", "before", "own", out="at"), N("Reshape", "x", "rows", out="all"), N("Gather", "all", "at"),
    ]  # fmt: skip
    return nodes, ROWS | {"before": before}


def a_pair(pictures):
    """Which picture and which of its rows, looked up by GatherND."""
    nodes = [
        *LAST, N("Unsqueeze", "i", "end", out="row"), N("Concat", "which", "row", out="at", axis=-1),
        N("GatherND", "x", "at"),
    ]  # fmt: skip
    return nodes, ROWS | {"which": np.array(pictures)[:, None]}


@pytest.mark.parametrize(
    ("case", "flow"),
    [
        (one_number([0, 4, 8]), Counting(0, 1, 4)),
        (one_number([0, 4, 8], dtype=np.int32), Counting(0, 1, 4)),
        (a_pair([0, 1, 2]), Counting(0, 1, 1, 0)),
    ],
)
def test_the_pictures_that_are_counted_become_those_that_there_are(case, flow):
    nodes, constants = case
    diagnosis = together_is_alone(model(nodes, (3, 4, 3), constants))
    assert diagnosis.flows["at"] == flow
    counted = next(
        place for place in diagnosis.baked if place.wrote.startswith("counts 3 pictures")
    )
    assert counted.becomes == "those that there are"


def test_pictures_that_are_counted_when_run_need_no_repair():
    count = [
        N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"),
        N("Range", "zero", "n", "one", out="which_"), N("Unsqueeze", "which_", "end", out="which"),
    ]  # fmt: skip
    nodes, constants = a_pair([0])
    constants = ROWS | {"zero": ints(0)[0], "one": ints(1)[0]}
    assert together_is_alone(model([*count, *nodes], ("n", 4, 3), constants)).baked == ()


def test_places_are_moved_before_they_are_looked_up():
    nodes, constants = one_number([[0], [4]])
    nodes[1] = N("TopK", "m", "k", outputs=["top", "i"], axis=1)
    nodes[-1:] = [N("Reshape", "at", "end", out="flat"), N("Gather", "all", "flat")]
    diagnosis = together_is_alone(model(nodes, (2, 4, 3), constants | {"k": ints(2)}))
    assert diagnosis.flows["flat"] == Counting(0, 2, 4)


def test_a_list_of_one_number_is_one_number():
    nodes, constants = one_number([0, 4, 8])
    nodes[-1:] = [N("Unsqueeze", "at", "end", out="lists"), N("GatherND", "all", "lists")]
    assert together_is_alone(model(nodes, (3, 4, 3), constants)).flows["gathernd"] == Rows(0)


@pytest.mark.parametrize(
    ("case", "shape"),
    [
        (one_number([0, 3, 6]), (3, 4, 3)),  # fewer rows than there are to choose from
        (one_number([0, 5, 10]), (3, 4, 3)),
        (one_number([1, 5, 9]), (3, 4, 3)),
        (one_number([-1, 3, 7]), (3, 4, 3)),
        (one_number([0, 4, 9]), (3, 4, 3)),
        (one_number([8, 4, 0]), (3, 4, 3)),
        (a_pair([0, 2, 1]), (3, 4, 3)),
        (a_pair([0, 0, 0]), (3, 4, 3)),
        (a_pair([1, 2, 3]), (3, 4, 3)),
        (a_pair([-1, 0, 1]), (3, 4, 3)),
    ],
)
def test_what_may_lead_to_other_pictures_is_refused(case, shape):
    nodes, constants = case
    with pytest.raises(BatchError):
        dynamic(model(nodes, shape, constants))


def test_what_is_largest_is_no_place():
    nodes, constants = one_number([0, 4, 8])
    nodes[1] = N("TopK", "m", "k", outputs=["tops", "places"], axis=1)
    nodes[2:2] = [N("Squeeze", "tops", "end", out="i")]
    with pytest.raises(BatchError, match="which has 3 rows where the pictures lie"):
        dynamic(model(nodes, (3, 4, 3), constants | {"k": ints(1)}))


def test_one_list_of_a_number_for_each_picture_is_no_place():
    nodes, _ = one_number([0])
    count = [
        N("Shape", "x", out="s"), N("Gather", "s", "zero", out="n"), N("Range", "zero", "n", "one", out="r"),
        N("Mul", "r", "four", out="before"),
    ]  # fmt: skip
    numbers = {"zero": ints(0)[0], "one": ints(1)[0], "four": ints(4)[0]}
    nodes[-1] = N("GatherND", "all", "at")
    with pytest.raises(BatchError, match="GatherND 'gathernd' looks up elements across pictures"):
        dynamic(model([*count, *nodes], ("n", 4, 3), ROWS | numbers))


def test_a_place_that_may_be_any_number_is_refused():
    nodes, constants = one_number([0, 4, 8])
    nodes[1] = N("ReduceMax", "m", out="i", axes=[1], keepdims=0)
    with pytest.raises(BatchError, match="reads 'before', which has 3 rows where the pictures lie"):
        dynamic(model(nodes, (3, 4, 3), constants))


def test_a_place_that_a_small_type_may_not_hold_is_refused():
    nodes, constants = one_number([0, 4, 8])
    nodes[1:2] = [nodes[1], N("Cast", "i", out="narrow", to=onnx.TensorProto.INT8)]
    nodes[3].input[0] = "narrow"
    with pytest.raises(BatchError, match="which has 3 rows where the pictures lie"):
        dynamic(model(nodes, (3, 4, 3), constants))


def test_counting_places_are_for_looking_up_alone():
    nodes, constants = one_number([0, 4])
    nodes[-2:] = [N("Mul", "at", "at")]
    with pytest.raises(
        BatchError, match="Mul 'mul' computes with places that count through the rows"
    ):
        dynamic(model(nodes, (2, 4, 3), constants))


def test_counting_places_are_no_answer_for_a_picture():
    nodes, constants = one_number([0, 4])
    with pytest.raises(BatchError, match="the output 'at' has places that count through the rows"):
        dynamic(model(nodes[:-2], (2, 4, 3), constants))


def test_places_in_one_tensor_are_not_those_in_another():
    nodes, constants = one_number([0, 4])
    nodes[-1] = N("Gather", "table", "at")
    with pytest.raises(BatchError, match="places that count through the rows"):
        dynamic(model(nodes, (2, 4, 3), constants | {"table": floats(8, 2)}))
