import onnx
import pytest

from onnxprobe.errors import (
    MissingWeightsError,
    NoSuchNameError,
    NotOnnxError,
    OnnxprobeError,
    plural,
    quoted,
)
from onnxprobe.graph.model import Model


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no tensor named 'é×–日本'", "no tensor named 'é×–日本'"),
        ("x\x1b[2J\x1b]0;gone\x07", "x\\x1b[2J\\x1b]0;gone\\x07"),
        ("cat\u202egpj.exe\nnext line", "cat\\u202egpj.exe\\nnext line"),
        ("\udcff", "\\udcff"),
    ],
)
def test_a_name_in_a_message_cannot_steer_the_terminal(said, shown):
    assert str(OnnxprobeError(said)) == shown
    assert str(MissingWeightsError(said)) == shown  # an OSError too, which has a text of its own


def test_a_misspelt_name_suggests_the_near_ones_escaped():
    assert "did you mean 'a\\x1b'" in str(NoSuchNameError("tensor", "a", ["a\x1b", "zzz"]))


def test_nouns_agree_with_their_counts():
    assert [plural(n, "head") for n in (0, 1, 2)] == ["0 heads", "1 head", "2 heads"]
    assert plural(2, "domain needs", "domains need") == "2 domains need"


def test_a_constant_without_a_value_is_refused():
    graph = onnx.helper.make_graph([onnx.helper.make_node("Constant", [], ["c"])], "g", [], [])
    with pytest.raises(NotOnnxError, match="the constant 'c' has no value"):
        Model(onnx.helper.make_model(graph)).constant("c")


def test_likely_names_are_suggested_before_others():
    known, likely = ["bias", "image", "image_w", "zero"], ["image", "zero"]
    said = str(NoSuchNameError("tensor", "imag", known, likely=likely))
    assert said == "no tensor named 'imag'; did you mean 'image'?"
    assert "did you mean 'bias'?" in str(NoSuchNameError("tensor", "bia", known, likely=likely))
    nothing = str(NoSuchNameError("tensor", "qqq", known, likely=likely))
    assert nothing.endswith("there is 'image', 'zero', 'bias', 'image_w'")


def test_a_tensor_is_mistaken_for_an_input_or_a_layer_before_a_weight(tiny):
    with pytest.raises(
        NoSuchNameError, match="there is 'image', 'stem', 'branch', 'gate', 'block'"
    ):
        tiny.value("qqq")


def test_of_very_many_names_the_first_are_in_a_message_and_how_many_more_there_are():
    names = [f"o{i}" for i in range(20_000)]
    assert quoted(names[:40]).count(",") == 39
    assert quoted(names).endswith("'o8', 'o9' and 19,990 more")
