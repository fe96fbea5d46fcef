import numpy as np
import onnx
import pytest
from functions import with_function
from interop_models import bytes_of, rich_model
from tiny import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.graph.disk import wire
from onnxprobe.graph.load import load
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.interop.graphsurgeon import from_graph, to_graph
from onnxprobe.runtime import run

gs = pytest.importorskip("onnx_graphsurgeon")
pytestmark = pytest.mark.real


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (13, 7), (17, 8), (21, 10)])
def test_there_and_back_is_the_same_to_the_byte(opset, ir_version):
    model = rich_model(opset, ir_version)
    before = bytes_of(model)
    assert bytes_of(from_graph(to_graph(model))) == before
    assert bytes_of(model) == before


def test_a_copy_of_the_graph_carries_as_much():
    model = rich_model()
    assert bytes_of(from_graph(to_graph(model).copy())) == bytes_of(model)


def test_functions_come_back():
    model = with_function("y")
    assert bytes_of(from_graph(to_graph(model))) == bytes_of(model)


def test_a_change_is_kept_and_everything_else_comes_back(images):
    model = rich_model()
    graph = to_graph(model)
    relu = next(node for node in graph.nodes if node.op == "Relu")
    relu.op = "Sigmoid"
    graph.outputs.append(relu.outputs[0].to_variable(np.float32, ("N", 4, 8, 8)))
    new = from_graph(graph)
    assert [str(d) for d in compare(model, new) if d.breaks] == [
        "node 'gate' (Sigmoid of 'branch'): Relu is now Sigmoid"
    ]
    assert new.outputs == ("scores", "gate")
    assert new.metadata == model.metadata
    assert new.nodes[2].proto.doc_string == "cuts off what is below zero"
    assert run(new, {"image": images})["gate"].shape == (5, 4, 8, 8)


def test_a_node_that_was_taken_out_takes_its_weights_along():
    model = rich_model()
    graph = to_graph(model)
    graph.outputs = [graph.tensors()["block"].to_variable(np.float32, ("N", 4, 8, 8))]
    graph.cleanup()
    new = from_graph(graph)
    assert new.outputs == ("block",)
    assert set(new.tensors) == {"w1", "w2", "unread"}
    assert [info.name for info in new.proto.graph.value_info] == ["stem"]
    assert [note.tensor_name for note in new.proto.graph.quantization_annotation] == ["stem"]


def test_what_is_done_to_the_graph_does_not_reach_the_model():
    model = rich_model()
    before = bytes_of(model)
    graph = to_graph(model)
    graph.tensors()["w1"].name = "renamed"
    assert "renamed" in from_graph(graph).tensors
    assert bytes_of(model) == before


def test_what_was_added_comes_after_what_was_there(images):
    model = tiny_model()
    graph = to_graph(model)
    flat = graph.tensors()["flat"]
    half = gs.Constant("half", np.full((1, 4), 0.5, np.float32))
    late = gs.Variable("late", np.float32, ("N", 4))
    graph.nodes.append(gs.Node("Mul", "mul", inputs=[flat, half], outputs=[late]))
    graph.outputs.append(late)
    new = from_graph(graph)
    assert kept(compare(model, new))
    assert [str(d) for d in compare(model, new)][1] == (
        "1 node is new: Mul, reading 'flat', giving 'late'"
    )
    assert run(new, {"image": images})["late"].shape == (5, 4)


def test_weights_on_disk_stay_there_until_they_are_read(loaded_big, tmp_path):
    graph = to_graph(loaded_big)
    again = from_graph(graph)
    assert bytes_of(again) == bytes_of(loaded_big)
    assert wire.dump(again.proto) == wire.dump(loaded_big.proto)
    typed = graph.tensors()["typed"]
    np.testing.assert_array_equal(typed.values, loaded_big.constant("typed"))
    typed.values = typed.values * 2
    moved = load(save(from_graph(graph), tmp_path / "moved.onnx"))
    np.testing.assert_array_equal(moved.constant("typed"), loaded_big.constant("typed") * 2)
    np.testing.assert_array_equal(moved.constant("order"), loaded_big.constant("order"))


def test_weights_beside_the_model_stay_there(tmp_path):
    onnx.save(
        tiny_model().proto,
        tmp_path / "outside.onnx",
        save_as_external_data=True,
        size_threshold=0,
    )
    model = load(tmp_path / "outside.onnx")
    graph = to_graph(model)
    assert bytes_of(from_graph(graph)) == bytes_of(model)
    weight = graph.tensors()["w1"]
    np.testing.assert_array_equal(weight.values, model.constant("w1"))


def test_a_graph_that_was_imported_elsewhere_gets_what_like_has():
    model = rich_model()
    foreign = gs.import_onnx(model.proto)
    assert from_graph(foreign).metadata == {}
    assert bytes_of(from_graph(foreign, like=model)) == bytes_of(model)


def test_a_graph_that_was_built_from_nothing_has_an_ir_version_that_runtimes_load():
    x, y = (gs.Variable(n, np.float32, ("N", 3)) for n in ("x", "y"))
    graph = gs.Graph([gs.Node("Relu", "relu", inputs=[x], outputs=[y])], [x], [y], opset=17)
    model = from_graph(graph)
    assert (model.opset, model.ir_version) == (17, 8)
    assert run(model, {"x": np.ones((2, 3), np.float32)})["y"].shape == (2, 3)


def test_existing_scripts_can_pick_and_prove(tiny):
    assert pick(from_graph(gs.import_onnx(tiny.proto))).tensor == pick(tiny).tensor == "block"
