import ast
import json

import pytest

from onnxprobe.hints import ADDED, HEADS, PREPROCESS, hints, without_hints

ONE = {HEADS: json.dumps([{"prefix": "x"}, {"prefix": "pet", "classes": ["cat's", 'a "dog"']}])}


def how(**settings):
    return {PREPROCESS: json.dumps({"size": [8, 8], "mean": 0, "std": 255} | settings)}


def test_names_are_written_as_ultralytics_reads_them():
    assert ast.literal_eval(hints(ONE)["names"]) == {0: "cat's", 1: 'a "dog"'}


def test_what_the_file_says_already_stays():
    found = hints(ONE | how() | {"names": "theirs", "Image.BitmapPixelFormat": "Bgr8"})
    assert found == {}


@pytest.mark.parametrize(
    ("settings", "channels", "pixels"),
    [
        ({}, "Rgb8", "Normalized_0_1"),
        (
            {"mean": 127.5, "std": [127.5, 127.5, 127.5], "channels": "bgr"},
            "Bgr8",
            "Normalized_1_1",
        ),
        ({"mean": [0], "std": [1], "channels": "gray"}, "Gray8", "NominalRange_0_255"),
        ({"mean": [123.7, 116.3, 103.5], "std": 58}, "Rgb8", None),  # ONNX has no name for it
        ({"mean": 127, "std": 128}, "Rgb8", None),
    ],
)
def test_pictures_are_described_where_onnx_has_a_word_for_it(settings, channels, pixels):
    found = hints(how(**settings))
    assert found["Image.BitmapPixelFormat"] == channels
    assert found.get("Image.NominalPixelRange") == pixels


def test_what_was_added_can_be_taken_away_again():
    before = ONE | how() | {"owner": "somebody"}
    after = before | hints(before)
    assert json.loads(after[ADDED]) == [key for key in after if key not in {*before, ADDED}]
    assert without_hints(after) == before
    assert after | hints(after) == after


@pytest.mark.parametrize("key", [HEADS, PREPROCESS, ADDED])
def test_metadata_that_is_something_else_gives_no_hints(key):
    assert hints({key: "its own"}) == {}
    assert without_hints({ADDED: "its own", "a": "b"}) == {"a": "b"}
