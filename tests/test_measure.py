import numpy as np
import onnx
import pytest
from onnx import helper
from tiny import tiny_model
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import RunError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.graph.value import Value
from onnxprobe.measure import measured, typed
from onnxprobe.runtime import random_feeds, run


@pytest.fixture
def untyped_file(tmp_path):
    """The small network with an operator in it that inference knows nothing about."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    node = next(node for node in proto.graph.node if node.op_type == "Add")
    node.op_type, node.domain, node.input[:] = "Trilu", "com.microsoft", ["stem"]
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return save(Model(proto), tmp_path / "untyped.onnx")


def test_a_model_is_split_where_only_a_run_tells_the_type(untyped_file, tmp_path):
    assert load(untyped_file).value("block").dtype is None
    args = ["split", str(untyped_file), "--at", "block", "-o", str(tmp_path)]
    result = CliRunner().invoke(app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    head = load(tmp_path / "head.onnx")
    assert str(head.value("block")) == "block float32[N×4×8×8]"
    feeds = random_feeds([load(untyped_file).value("image")], 2)
    middle = run(tmp_path / "trunk.onnx", feeds)
    scores = run(tmp_path / "head.onnx", middle)["scores"]
    assert scores == pytest.approx(run(untyped_file, feeds)["scores"], rel=1e-5)


def test_a_model_whose_types_are_known_is_not_run(tiny):
    assert typed(tiny, ("block", "image", "nothing of that name")) is tiny


def test_an_input_of_no_known_shape_is_named(capfd):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.graph.input[0].type.tensor_type.ClearField("shape")
    del proto.graph.value_info[:]
    with pytest.raises(RunError, match="does not say what shape 'image' has, not even how many"):
        measured(Model(proto))
    assert capfd.readouterr() == ("", "")  # ONNX Runtime does not print it beside that


def test_a_single_number_or_coin_flip_is_made_up_as_an_array():
    kinds = ("bool", "int64", "float32", "float16")
    feeds = random_feeds([Value(kind, kind, ()) for kind in kinds], 2)
    assert {name: (type(fed), fed.shape) for name, fed in feeds.items()} == dict.fromkeys(
        kinds, (np.ndarray, ())
    )
    assert {name: str(fed.dtype) for name, fed in feeds.items()} == {k: k for k in kinds}
