"""What a network pools already is not pooled again."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.graph.model import Model
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, attach
from onnxprobe.runtime import run

OPERATORS = {p.same_as: name for name, p in POOLINGS.items() if p.same_as}


def pooling_model(op, shape, opset=17, dtype=TensorProto.FLOAT):
    """image -> relu -> block -> op -> pooled."""
    rank = len(shape) - 1
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["image"], ["block"]),
            helper.make_node(op, ["block"], ["pooled"]),
        ],
        "one",
        [helper.make_tensor_value_info("image", dtype, ["N", *shape])],
        [helper.make_tensor_value_info("pooled", dtype, ["N", shape[0], *[1] * rank])],
    )
    opsets = [helper.make_opsetid("", opset)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


@pytest.mark.parametrize("shape", [(4, 9), (4, 7, 7), (4, 2, 3, 5)])
@pytest.mark.parametrize("opset", [9, 13, 18])
@pytest.mark.parametrize("op", OPERATORS)
def test_an_operator_that_does_the_same_is_read_and_gives_the_same(op, shape, opset):
    model, probe = pooling_model(op, shape, opset), Probe("block", OPERATORS[op])
    tapped = attach(model, [probe])
    added = tapped.nodes[len(model.nodes) :]
    assert [(node.op, node.inputs[0]) for node in added] == [("Squeeze", "pooled")]
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    expected = POOLINGS[probe.pooling].apply(np.maximum(x, 0))
    # sums of up to 49 numbers in another order
    np.testing.assert_allclose(run(tapped, {"image": x})[probe.output], expected, rtol=1e-5)


@pytest.mark.parametrize("name", [n for n, p in POOLINGS.items() if 3 in p.ranks and not p.same_as])
def test_other_poolings_are_computed_from_the_tensor_itself(tiny, name):
    tapped = attach(tiny, [Probe("block", name)])
    added = tapped.nodes[len(tiny.nodes) :]
    assert not any("pooled" in node.inputs for node in added)


def test_what_pools_another_tensor_is_not_read():
    tapped = attach(tiny_model(), [Probe("stem", "mean")])
    assert [node.inputs[0] for node in tapped.nodes[-1:]] == ["stem"]


def test_half_precision_is_pooled_in_single():
    model = pooling_model("GlobalAveragePool", (4, 7, 7), dtype=TensorProto.FLOAT16)
    added = attach(model, [Probe("block", "mean")]).nodes[len(model.nodes) :]
    assert [node.op for node in added] == ["Cast", "ReduceMean"]
