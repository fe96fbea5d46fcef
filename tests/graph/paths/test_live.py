import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from random_graphs import graphs

from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths import live as live_module
from onnxprobe.graph.paths.live import EVERY_READ, Edges, live
from onnxprobe.graph.paths.ops import FEATURES

NO_ADDITIONS = Edges(frozenset({"Add"}), lambda _, node, __: node.reads[:1])


@given(graphs(inputs=2, outputs=2), st.data())
def test_what_was_asked_before_changes_no_answer(model, data):
    for _ in range(4):
        sources = data.draw(st.sampled_from([model.inputs, model.inputs[:1]]))
        outputs = data.draw(st.sampled_from([model.outputs, model.outputs[:1]]))
        edges = data.draw(st.sampled_from([EVERY_READ, FEATURES, NO_ADDITIONS]))
        found = live(model, sources, outputs, edges=edges)
        fresh = live(Model(model.proto), sources, outputs, edges=edges)
        assert (found.sources, found.outputs, found.tensors) == (
            fresh.sources, fresh.outputs, fresh.tensors,
        )  # fmt: skip
        assert list(found.reads.values()) == list(fresh.reads.values())
        assert found.carriers == fresh.carriers


def test_a_model_nobody_holds_is_forgotten_with_what_was_found_of_it():
    """Also one that asks the batch, for which edges of another kind are followed."""
    nodes = [
        helper.make_node("Shape", ["x"], ["sizes"]),
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Neg", ["a"], ["b"]),
        helper.make_node("Reshape", ["b", "sizes"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    model = Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    assert [cut.tensor for cut in cuts(model)] == ["a", "b"]
    assert model in live_module._LAST
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
