import numpy as np
import onnx
import pytest
from functions import with_function
from interop_models import bytes_of, rich_model
from tiny import tiny_model

from onnxprobe.contract import compare
from onnxprobe.graph.disk import wire
from onnxprobe.graph.load import load
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.interop.onnx_ir import from_graph, to_graph
from onnxprobe.runtime import run

ir = pytest.importorskip("onnx_ir")
pytestmark = pytest.mark.real


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (13, 7), (17, 8), (21, 10)])
def test_there_and_back_is_the_same_to_the_byte(opset, ir_version):
    model = rich_model(opset, ir_version)
    before = bytes_of(model)
    assert bytes_of(from_graph(to_graph(model))) == before
    assert bytes_of(model) == before


def test_functions_come_back():
    model = with_function("y")
    assert bytes_of(from_graph(to_graph(model))) == bytes_of(model)


def test_a_change_is_kept_and_everything_else_comes_back(images):
    model = rich_model()
    made = to_graph(model)
    relu = next(node for node in made.graph if node.op_type == "Relu")
    relu.op_type = "Sigmoid"
    made.metadata_props["more"] = "said"
    new = from_graph(made)
    assert [str(d) for d in compare(model, new)] == [
        "metadata more is new: said",
        "node 'gate' (Sigmoid of 'branch'): Relu is now Sigmoid",
    ]
    assert run(new, {"image": images})["scores"].shape == (5, 5)


def test_weights_inside_the_file_stay_there(loaded_big, tmp_path):
    made = to_graph(loaded_big)
    again = from_graph(made)
    assert bytes_of(again) == bytes_of(loaded_big)
    weight = made.graph.initializers["typed"].const_value
    np.testing.assert_array_equal(weight.numpy(), loaded_big.constant("typed"))
    packed = made.graph.initializers["order"].const_value  # not as they are in memory
    np.testing.assert_array_equal(packed.numpy(), loaded_big.constant("order"))
    made.graph.initializers["typed"].name = "renamed"
    moved = load(save(from_graph(made), tmp_path / "moved.onnx"))
    np.testing.assert_array_equal(moved.constant("renamed"), loaded_big.constant("typed"))
    assert wire.dump(again.proto) == wire.dump(loaded_big.proto)


def test_weights_beside_the_model_are_found_again(tmp_path, images):
    onnx.save(
        tiny_model().proto, tmp_path / "outside.onnx", save_as_external_data=True, size_threshold=0
    )
    model = load(tmp_path / "outside.onnx")
    assert bytes_of(from_graph(to_graph(model))) == bytes_of(model)
    foreign = from_graph(ir.load(tmp_path / "outside.onnx"))
    np.testing.assert_array_equal(
        run(foreign, {"image": images})["scores"], run(model, {"image": images})["scores"]
    )


def test_a_model_that_was_loaded_elsewhere_gets_what_like_has():
    model = rich_model()
    foreign = ir.from_proto(model.proto)
    assert bytes_of(from_graph(foreign, like=model)) == bytes_of(model)


def test_existing_scripts_can_pick(tiny):
    assert pick(from_graph(ir.from_proto(tiny.proto))).tensor == "block"
