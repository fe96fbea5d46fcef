import pytest
from onnx import TensorProto, helper

from onnxprobe.errors import NoSuchNameError, PicturesError
from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess, image_input, preprocess_for

GIVEN = Preprocess(size=(8, 8), mean=(1,), std=(2,))


def model(*shapes, dtype=TensorProto.FLOAT, metadata=None):
    """A model that passes its inputs through."""
    names = [f"x{i}" for i in range(len(shapes))]
    graph = helper.make_graph(
        [helper.make_node("Identity", [n], [f"y{n}"]) for n in names],
        "through",
        [helper.make_tensor_value_info(n, dtype, s) for n, s in zip(names, shapes, strict=True)],
        [helper.make_tensor_value_info(f"y{n}", dtype, None) for n in names],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(proto, metadata or {})
    return Model(proto)


@pytest.mark.parametrize(
    ("shape", "layout", "channels", "size", "batch"),
    [
        (["N", 3, 224, 320], "nchw", 3, (224, 320), None),
        (["N", 224, 320, 3], "nhwc", 3, (224, 320), None),
        ([1, 1, 28, 28], "nchw", 1, (28, 28), 1),
        ([8, 28, 28, 1], "nhwc", 1, (28, 28), 8),
        (["N", 3, "h", "w"], "nchw", 3, None, None),
        (["N", 3, 224, "w"], "nchw", 3, None, None),
        ([None, None, None, 3], "nhwc", 3, None, None),
        ([None, None, None, None], None, None, None, None),
        ([0, 3, 8, 8], "nchw", 3, (8, 8), None),
    ],
)
def test_the_input_of_a_model_is_understood(shape, layout, channels, size, batch):
    taken = image_input(model(shape))
    assert (taken.layout, taken.channels, taken.size, taken.batch) == (
        layout,
        channels,
        size,
        batch,
    )


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (model(["N", 128]), r"takes x0 float32\[N×128\], which is not a picture \(it has 2 dim"),
        (model(["N", 16, 8, 8]), r"\(neither 16 nor 8 is a number of channels\); a picture is N×3"),
        (model(["N", 77], dtype=TensorProto.INT64), r"\(its type is int64\)"),
        (model(None), r"\(it has unknown dimensions, not 4\)"),
        (model(["N", 3, 8, 8], ["N", 4]), "the model wants 'x0', 'x1', not one picture; cut the"),
    ],
)
def test_an_input_that_is_not_one_picture_is_named(made, message):
    with pytest.raises(PicturesError, match=message):
        image_input(made)


def test_what_is_given_comes_first():
    made = model(["N", 3, 8, 8], metadata={"onnxprobe.preprocess": GIVEN.to_json()})
    other = Preprocess(size=(8, 8), mean=(5,), std=(5,))
    assert preprocess_for(made, other) == (other, "given")


def test_what_the_model_says_comes_second():
    made = model(["N", 3, 8, 8], metadata={"onnxprobe.preprocess": GIVEN.to_json()})
    assert preprocess_for(made) == (GIVEN, "model metadata")


def test_what_is_assumed_is_called_so():
    seen, origin = preprocess_for(model(["N", 32, 48, 3]))
    assert origin == "assumed"
    assert (seen.size, seen.layout, seen.channels) == ((32, 48), "nhwc", "rgb")
    assert seen.mean == (123.675, 116.28, 103.53)
    assert seen.std == (58.395, 57.12, 57.375)


def test_grey_and_uint8_inputs_have_assumptions_of_their_own():
    grey, _ = preprocess_for(model(["N", 1, 28, 28]))
    assert (grey.channels, grey.mean) == ("gray", (114.495,))
    raw, origin = preprocess_for(model(["N", 3, 8, 8], dtype=TensorProto.UINT8))
    assert (raw.dtype, raw.mean, origin) == ("uint8", (0.0, 0.0, 0.0), "assumed")


def test_settings_by_name_are_completed_from_the_input():
    seen, origin = preprocess_for(model(["N", 8, 8, 3]), {"mean": 127, "std": 128})
    assert origin == "given"
    assert seen == Preprocess(size=(8, 8), mean=(127,), std=(128,), layout="nhwc")


def test_settings_by_name_do_not_silently_assume_a_mean():
    with pytest.raises(PicturesError, match="does not say 'mean'"):
        preprocess_for(model(["N", 3, 8, 8]), {"std": 128})


def test_an_unknown_size_is_asked_for():
    with pytest.raises(PicturesError, match=r"how large a picture 'x0' takes; say it with"):
        preprocess_for(model(["N", 3, "h", "w"]))
    assert preprocess_for(model(["N", 3, "h", "w"]), GIVEN) == (GIVEN, "given")


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        (["N", 8, 8, 3], TensorProto.FLOAT),
        (["N", 3, 8, 9], TensorProto.FLOAT),
        (["N", 1, 8, 8], TensorProto.FLOAT),
        (["N", 3, 8, 8], TensorProto.FLOAT16),
    ],
)
def test_both_sides_of_a_mismatch_are_shown(shape, dtype):
    with pytest.raises(PicturesError) as caught:
        preprocess_for(model(shape, dtype=dtype), GIVEN)
    declared = "×".join(map(str, shape))
    name = {TensorProto.FLOAT: "float32", TensorProto.FLOAT16: "float16"}[dtype]
    assert str(caught.value) == (
        f"the preprocessing gives float32[N×3×8×8] but the model takes x0 {name}[{declared}]"
    )


def test_metadata_that_is_wrong_is_an_error_not_an_assumption():
    made = model(["N", 3, 8, 8], metadata={"onnxprobe.preprocess": '{"sise": 3}'})
    with pytest.raises(NoSuchNameError, match="no preprocessing setting named 'sise'"):
        preprocess_for(made)
