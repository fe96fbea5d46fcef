import cProfile
import json
import time

import architectures
import pytest
from architectures import convolutional
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.errors import GraphError
from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.inspect import inspect
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.split import split

LAYER = ["index", "op", "name", "output", "shape", "elements", "parameters", "macs", "cut"]
PICK = ["tensor", "shape", "op", "role", "ratio", "depth", "ambiguous", "reasons", "alternatives"]


def chain(blocks):
    """Residual blocks, one after the other, then a pooled answer."""
    nodes, x = [], "x"
    for i in range(blocks):
        nodes += [
            helper.make_node("Conv", [x, "w"], [f"a{i}"]),
            helper.make_node("Relu", [f"a{i}"], [f"b{i}"]),
            helper.make_node("Add", [x, f"b{i}"], [f"c{i}"]),
        ]
        x = f"c{i}"
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["y"]))
    ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 3, 3])]
    answer = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 2, 1, 1], [0.0] * 4)
    graph = helper.make_graph(nodes, "chain", ends, answer, [weight])
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )


def test_the_json_has_the_promised_form(tiny):
    found = json.loads(json.dumps(inspect(tiny, name="tiny.onnx").to_json()))
    assert list(found) == ["model", "opset", "ir_version", "inputs", "outputs", "layers", "pick"]
    assert (found["model"], found["opset"], found["ir_version"]) == ("tiny.onnx", 17, 8)
    assert found["inputs"] == [
        {"name": "image", "dtype": "float32", "shape": [3, 8, 8], "batch": "N"}
    ]
    assert found["outputs"] == [{"name": "scores", "dtype": "float32", "shape": [5], "batch": "N"}]
    assert [list(layer) for layer in found["layers"]] == [LAYER] * 7
    assert list(found["pick"])[: len(PICK)] == PICK
    assert [list(a) for a in found["pick"]["alternatives"]] == [["tensor", "shape", "why"]]


def test_a_layer_says_what_it_makes_and_costs(tiny):
    first, last = inspect(tiny).layers[0], inspect(tiny).layers[-1]
    assert (first.op, first.name, first.output) == ("Conv", "conv1", "stem")
    assert (first.shape, first.elements) == ((4, 8, 8), 256)
    assert (first.parameters, first.macs, first.cut) == (108, 4 * 8 * 8 * 27, True)
    assert (last.shape, last.parameters, last.macs, last.cut) == ((5,), 25, 20, False)


def test_shapes_are_those_of_one_sample_whatever_the_batch():
    parts = [[layer.shape for layer in inspect(tiny_model(batch=b)).layers] for b in ("N", 1, 3)]
    assert parts[0] == parts[1] == parts[2]


def test_the_model_splits_where_a_layer_is_marked(tiny):
    for layer in inspect(tiny).layers:
        if layer.cut:
            assert split(tiny, layer.output).head.inputs == (layer.output,)
    assert {layer.output for layer in inspect(tiny).layers if layer.cut} == {
        cut.tensor for cut in cuts(tiny)
    }


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_no_network_needs_its_weights_to_be_looked_at(build):
    model = build().model
    found = inspect(model)
    assert found.parameters > 0
    assert len(found.layers) == len(model.nodes)
    json.dumps(found.to_json(), allow_nan=False)


def test_a_file_without_its_weights_can_be_inspected(tmp_path):
    path = tmp_path / "arcface.onnx"
    path.write_bytes(convolutional.arcface().model.proto.SerializeToString())
    found = inspect(load(path))
    assert found.pick is not None
    assert found.pick.tensor == "last_norm"
    assert found.weight_bytes == 4 * found.parameters


def test_a_network_nothing_can_be_picked_in_is_still_listed():
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [3]) for n in ("x", "y")]
    constant = helper.make_node("Constant", [], ["y"], value_floats=[1.0, 2.0, 3.0])
    found = inspect(
        Model(helper.make_model(helper.make_graph([constant], "g", ends[:1], ends[1:])))
    )
    assert [layer.op for layer in found.layers] == ["Constant"]
    assert found.pick is None
    assert found.to_json()["pick"] is None
    assert found.unpicked.startswith("nothing flows from 'x' to 'y'")


def test_a_cycle_is_an_error_not_a_hang():
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [3]) for n in ("x", "y")]
    nodes = [
        helper.make_node("Add", ["x", "b"], ["y"], name="first"),
        helper.make_node("Neg", ["y"], ["b"], name="second"),
    ]
    model = Model(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])))
    with pytest.raises(GraphError, match="the graph has a cycle: Add 'first' reads 'b'"):
        inspect(model)


def test_a_deep_network_needs_no_deep_stack():
    found = inspect(chain(blocks=1000))  # three times Python's recursion limit in nodes
    assert sum(layer.cut for layer in found.layers) == 1000
    assert found.pick is not None
    assert found.pick.tensor == "c999"


def calls(blocks):
    """How many calls it takes to look at a chain: the same on every machine."""
    model = chain(blocks)
    counted = cProfile.Profile()
    counted.runcall(inspect, model)
    return sum(entry.callcount for entry in counted.getstats())


def test_twice_the_nodes_take_twice_the_calls():
    assert calls(600) < 2.05 * calls(300)  # the nodes alone give 2.00; a quadratic part 4


@pytest.mark.slow
def test_twice_the_nodes_take_twice_the_time():
    def seconds(blocks):
        model = chain(blocks)
        tries = []
        for _ in range(3):
            start = time.process_time()
            inspect(Model(model.proto))
            tries.append(time.process_time() - start)
        return min(tries)

    assert seconds(16_667) < 3 * seconds(8_333)  # linear is 2, quadratic 4


@pytest.mark.slow
def test_a_hundred_thousand_nodes_are_looked_at():
    found = inspect(chain(blocks=33_333))
    assert len(found.layers) == 100_000
    assert found.pick is not None
    assert found.pick.tensor == "c33332"
