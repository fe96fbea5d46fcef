"""A model that prepares pictures itself does what Python does, to a level of 255."""

import json

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tiny import tiny_model
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import PicturesError, VersionError
from onnxprobe.fuse import with_metadata
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.images import Preprocess
from onnxprobe.images.resize import RESIZES
from onnxprobe.pixels import with_preprocess, write_from_pixels
from onnxprobe.pixels.scaling import SCALINGS
from onnxprobe.runtime import Session

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
TINY = Preprocess(size=(8, 8), mean=MEAN, std=STD)


def through(layout="nchw", channels=3, dtype=TensorProto.FLOAT, opset=17, ir_version=8):
    """A model that gives back the picture that it reads."""
    shape = ["N", channels, "h", "w"] if layout == "nchw" else ["N", "h", "w", channels]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["seen"])],
        "through",
        [helper.make_tensor_value_info("image", dtype, shape)],
        [helper.make_tensor_value_info("seen", dtype, shape)],
    )
    opsets = [helper.make_opsetid("", opset)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=ir_version))


def levels(how, picture, **model):
    """Return how far, in levels, and what share of the numbers is the same."""
    new = with_preprocess(through(how.layout, **model), how)
    onnx.checker.check_model(new.proto, full_check=True)
    got, wanted = Session(new).run({"pixels": picture[None]})["seen"][0], how(picture)
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    off = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
    spread = np.array(how.std).reshape((-1, 1, 1) if how.layout == "nchw" else -1)
    return float((off * spread).max()), float((got == wanted).mean())


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("interpolation", SCALINGS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_picture_is_prepared_to_within_a_level(interpolation, data):
    side = st.integers(1, 70)
    how = Preprocess(
        size=data.draw(st.tuples(side, side)),
        mean=MEAN,
        std=STD,
        resize=data.draw(st.sampled_from(list(RESIZES))),
        crop=data.draw(st.sampled_from([1.0, 0.875, 0.5])),
        interpolation=interpolation,
    )
    picture = noise(data.draw(st.integers(1, 200)), data.draw(st.integers(1, 200)))
    worst, same = levels(how, picture)
    assert worst <= 1.001  # a level, and how float32 writes it
    if min(*how.size, *picture.shape[:2]) > 8:  # a row or a column may hold three numbers only
        assert same > 0.5


@pytest.mark.parametrize("opset", [11, 13, 18, 21])
def test_every_opset_has_the_nodes(opset):
    assert levels(TINY, noise(30, 41), opset=opset)[0] <= 1.001


@pytest.mark.parametrize(
    ("how", "model"),
    [
        ({"channels": "bgr"}, {}),
        ({"channels": "gray", "mean": (114.0,), "std": (57.0,)}, {"channels": 1}),
        ({"layout": "nhwc"}, {}),
        ({"dtype": "float16"}, {"dtype": TensorProto.FLOAT16}),
        ({"dtype": "uint8", "mean": (0,), "std": (1,)}, {"dtype": TensorProto.UINT8}),
    ],
    ids=lambda said: next(iter(said.values()), None) if isinstance(said, dict) else None,
)
def test_channels_layout_and_type_are_those_of_python(how, model):
    settings_ = {"size": (24, 30), "mean": MEAN, "std": STD, **how}
    worst, same = levels(Preprocess(**settings_), noise(77, 91), **model)
    assert worst <= 1.1  # a level; float16 holds it with 11 bits
    assert same > 0.5


def test_a_picture_of_the_right_size_is_the_same_to_the_bit():
    assert levels(TINY, noise(8, 8)) == (0.0, 1.0)


def test_whole_blocks_are_averaged_to_the_bit():
    for factor in (2, 3, 4, 7):
        assert levels(TINY, noise(8 * factor, 8 * factor)) == (0.0, 1.0)


def test_pictures_of_a_batch_do_not_mix(tiny):
    session = Session(with_preprocess(tiny, TINY))
    pictures = np.stack([noise(40, 30, seed) for seed in range(5)])
    together = session.run({"pixels": pictures})["scores"]
    for row, picture in zip(together, pictures, strict=True):
        alone = session.run({"pixels": picture[None]})["scores"][0]
        # rows of a larger product may be summed in another order
        np.testing.assert_allclose(row, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("opset", "ir_version"), [(11, 3), (11, 6), (17, 8)])
def test_all_but_the_input_is_as_it_was(opset, ir_version):
    old = with_metadata(tiny_model(opset, ir_version), {"onnxprobe.preprocess": TINY.to_json()})
    before = old.proto.SerializeToString()
    new = with_preprocess(old, TINY)
    assert old.proto.SerializeToString() == before
    assert new.inputs == ("pixels",)
    assert list(new.proto.graph.output) == list(old.proto.graph.output)
    assert list(new.proto.graph.node)[-len(old.nodes) :] == list(old.proto.graph.node)
    assert "onnxprobe.preprocess" not in new.metadata
    assert json.loads(new.metadata["onnxprobe.pixels"])["size"] == [8, 8]
    Session(new).run({"pixels": noise(20, 20)[None]})


@pytest.mark.parametrize(
    ("model", "how", "error", "message"),
    [
        (tiny_model(), {"interpolation": "cubic"}, PicturesError,
         "the interpolation 'cubic' has no form in standard nodes; those that have one: 'antialias', 'linear'"),
        (tiny_model(9, 3), {}, VersionError,
         "scaling pictures needs opset 11, but the model is of opset 9; convert it with onnx"),
        (with_preprocess(tiny_model(), TINY), {}, PicturesError, "which is not a picture|already"),
    ],
    ids=["interpolation", "opset", "twice"],
)  # fmt: skip
def test_what_cannot_be_said_in_nodes_is_refused(model, how, error, message):
    with pytest.raises(error, match=message):
        with_preprocess(model, Preprocess(size=(8, 8), mean=MEAN, std=STD, **how))


def test_the_file_says_how_near_it_is_and_the_old_one_stays(tiny_file, tmp_path):
    before = tiny_file.read_bytes()
    done = write_from_pixels(tiny_file, tmp_path / "raw.onnx", preprocess=TINY)
    assert tiny_file.read_bytes() == before
    assert done.levels <= 1
    assert 0.9 < done.equal <= 1
    assert [output.name for output in done.outputs] == ["scores"]
    assert "within" in load(tmp_path / "raw.onnx").metadata["onnxprobe.proof"]


def test_a_fixed_batch_stays_fixed(tmp_path):
    old = save(tiny_model(batch=3), tmp_path / "old.onnx")
    write_from_pixels(old, tmp_path / "raw.onnx", preprocess=TINY)
    assert load(tmp_path / "raw.onnx").value("pixels").shape[0] == 3


def test_the_command_says_how_near(tiny_file, tmp_path):
    out = str(tmp_path / "raw.onnx")
    done = CliRunner().invoke(app, ["embed-preprocess", str(tiny_file), "-o", out])
    assert done.exit_code == 0, done.output
    assert "preprocessing: assumed" in done.stdout
    assert "of the numbers the same to the bit" in done.stdout
    plain = CliRunner().invoke(app, ["embed-preprocess", str(tiny_file), "-o", out, "--json"])
    assert json.loads(plain.stdout)["levels"] <= 1
