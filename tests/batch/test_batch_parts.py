"""The first rows of all, taken for the parts that every row has alike, as networks for clips take a class token."""

import numpy as np
import pytest
from batch_cases import floats, ints, model, node, together_is_alone

from onnxprobe.batch import dynamic
from onnxprobe.batch.flow import Partly, Rows
from onnxprobe.errors import BatchError

N = node
FRAMES = 4


def clips(batch, *after, token=None, opset=17, **constants):
    """Clips of 4 frames; a class token stands before the 2 tokens of each frame."""
    nodes = [
        N("Reshape", "x", "frames", out="tokens"), N("Concat", "token", "tokens", out="all", axis=1),
        N("Add", "all", "places", out="placed"), N("Relu", "placed", out="work"), *after,
    ]  # fmt: skip
    held = np.repeat(floats(1, 1, 6), batch * FRAMES, 0) if token is None else token
    given = {
        "frames": ints(batch * FRAMES, 2, 6), "token": held, "places": floats(1, 3, 6),
        "zero": ints(0), "one": ints(1), "two": ints(2), "batch": ints(batch), "first": ints(0)[0],
    }  # fmt: skip
    return model(nodes, (batch, FRAMES, 2, 6), given | constants, opset=opset)


TAKEN = N("Slice", "work", "zero", "batch", "zero", out="some")
LOOKED_UP = [TAKEN, N("Gather", "some", "first", out="class", axis=1)]
CUT = [TAKEN, N("Slice", "some", "zero", "one", "one", out="class")]
COUNTED = [
    N("Shape", "x", out="s"), N("Slice", "s", "zero", "one", out="n"),
    N("Slice", "work", "zero", "n", "zero", out="some"), N("Gather", "some", "first", out="class", axis=1),
]  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("taken", [LOOKED_UP, CUT, COUNTED])
def test_a_class_token_of_any_frame_is_that_of_a_clip(batch, taken):
    diagnosis = together_is_alone(clips(batch, *taken, N("Neg", "class")))
    assert diagnosis.flows["some"] == Partly(Rows(0), 1, frozenset({0}))
    assert diagnosis.flows["class"] == Rows(0)


def test_what_counts_the_clips_is_named_and_mended():
    slices = together_is_alone(clips(2, *LOOKED_UP)).baked[-1]
    assert str(slices) == "Slice 'some' ends axis 0 at 2, which counts 2 in a batch"
    assert slices.becomes == "1 x batch"
    assert not [p for p in together_is_alone(clips(2, *COUNTED)).baked if "'some'" in p.node]


def test_several_rows_a_picture_are_taken_too():
    taken = [N("Slice", "work", "zero", "many", "zero", out="some"), LOOKED_UP[1]]
    old = clips(2, *taken, many=ints(6))
    assert together_is_alone(old).flows["class"] == Rows(0, 3)


def test_both_axes_may_be_cut_at_once():
    taken = [
        N("Slice", "work", "from", "to", out="some"),
        N("Gather", "some", "first", out="class", axis=1),
    ]
    old = clips(2, *taken, **{"from": ints(0, 0), "to": ints(2, 1)})
    assert together_is_alone(old).flows["some"] == Rows(0)
    later = clips(2, taken[0], **{"from": ints(0, 1), "to": ints(2, 3)})
    with pytest.raises(BatchError, match="has rows of other pictures"):
        dynamic(later)


def test_the_token_may_be_repeated_by_the_graph():
    nodes = [
        N("Reshape", "x", "frames", out="tokens"), N("Shape", "tokens", out="s"),
        N("Slice", "s", "zero", "one", out="n"), N("Concat", "n", "size", out="to", axis=0),
        N("Expand", "token", "to", out="each"), N("Concat", "each", "tokens", out="work", axis=1), *COUNTED,
    ]  # fmt: skip
    nodes[6:8] = [N("Shape", "x", out="sx"), N("Slice", "sx", "zero", "one", out="nx")]
    nodes[8] = N("Slice", "work", "zero", "nx", "zero", out="some")
    constants = {
        "frames": ints(-1, 2, 6), "token": floats(1, 1, 6), "size": ints(1, 6), "zero": ints(0),
        "one": ints(1), "first": ints(0)[0],
    }  # fmt: skip
    assert together_is_alone(model(nodes, ("N", 4, 2, 6), constants)).baked == ()


@pytest.mark.parametrize(
    ("after", "constants", "said"),
    [
        ([TAKEN, N("Gather", "some", "one", axis=1)], {}, "Gather 'gather' takes parts of other pictures"),
        ([TAKEN, N("Gather", "some", "first", axis=2)], {}, "Gather 'gather' takes parts of other pictures"),
        ([TAKEN, N("Gather", "some", "last", axis=1)], {"last": ints(-1)}, "takes parts of other pictures"),
        ([TAKEN, N("Slice", "some", "zero", "two", "one")], {}, "Slice 'slice' takes parts of other pictures"),
        ([TAKEN, N("Neg", "some")], {}, "Neg 'neg' reads rows of other pictures"),
        ([TAKEN], {}, "the output 'some' has rows of other pictures, as Slice 'some' takes the first"),
        (
            [N("Slice", "work", "one", "two", "zero"), N("Gather", "slice", "first", axis=1)], {},
            "takes a part of axis 0",
        ),
        (
            [N("Slice", "work", "zero", "three", "zero"), N("Gather", "slice", "first", axis=1)],
            {"three": ints(3)}, "takes a part of axis 0",
        ),
        ([N("Softmax", "work", out="mixed", axis=1), N("Slice", "mixed", "zero", "batch", "zero")], {}, "part of axis 0"),
        ([N("Slice", "x", "zero", "one", "zero")], {}, "takes a part of axis 0"),
    ],
)  # fmt: skip
def test_other_parts_of_other_pictures_are_refused(after, constants, said):
    with pytest.raises(BatchError, match=said):
        dynamic(clips(2, *after, **constants))


def test_a_token_that_is_another_for_each_frame_is_none_of_the_clip():
    with pytest.raises(BatchError, match="takes a part of axis 0"):
        dynamic(clips(1, *LOOKED_UP, token=floats(FRAMES, 1, 6)))


def test_places_that_are_others_for_each_frame_are_none_of_the_clip():
    with pytest.raises(BatchError, match="takes a part of axis 0"):
        dynamic(clips(1, *LOOKED_UP, places=floats(FRAMES, 3, 6)))
