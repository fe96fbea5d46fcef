from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.cost import costs
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.runtime import run

LITE0 = Path(__file__).parents[2] / "models" / "efficientnet-lite0.onnx"
RESNET50 = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"


def one_node(op, reads, constants=(), *, batch=2, opset=17, domain="", **attributes):  # noqa: PLR0913
    """A model of one node; ``reads`` are the sizes of its inputs without the batch."""
    names = [f"x{i}" for i in range(len(reads))]
    stored = [
        numpy_helper.from_array(np.ones(c, np.float32), f"w{i}") for i, c in enumerate(constants)
    ]
    node = helper.make_node(
        op, [*names, *(t.name for t in stored)], ["y"], domain=domain, **attributes
    )
    ends = [
        helper.make_tensor_value_info(n, 1, [batch, *r]) for n, r in zip(names, reads, strict=True)
    ]
    output = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(domain or "unused", 1)]
    graph = helper.make_graph([node], "one", ends, output, stored)
    return Model(helper.make_model(graph, opset_imports=imports, ir_version=8))


SUMS = {
    "conv": one_node("Conv", [(6, 9, 7)], [(8, 3, 3, 2)], group=2),
    "strided": one_node("Conv", [(6, 9, 7)], [(8, 6, 3, 3)], strides=[2, 2], dilations=[2, 1]),
    "depthwise": one_node("Conv", [(6, 9, 7)], [(6, 1, 3, 3)], group=6),
    "conv1d": one_node("Conv", [(6, 9)], [(4, 6, 3)]),
    "transposed": one_node("ConvTranspose", [(6, 5, 5)], [(6, 4, 3, 3)], strides=[2, 2], group=1),
    "transposed in groups": one_node("ConvTranspose", [(6, 5, 5)], [(6, 2, 3, 3)], group=2),
    "matmul": one_node("MatMul", [(5, 7)], [(7, 3)]),
    "matmul of two": one_node("MatMul", [(4, 5, 7), (4, 7, 3)]),
    "gemm": one_node("Gemm", [(7,)], [(3, 7)], transB=1),
    "gemm, transposed": one_node("Gemm", [(7,)], [(2, 3)], transA=1),
    "einsum": one_node("Einsum", [(5, 7)], [(7, 3, 4)], equation="nij,jkl->nikl"),
    "einsum, implicit": one_node("Einsum", [(5, 7), (7, 3)], equation="nij,njk"),
}


@pytest.mark.parametrize("model", SUMS.values(), ids=SUMS)
def test_on_ones_the_sum_of_the_answer_counts_the_multiply_accumulates(model):
    feeds = {n: np.ones(model.value(n).shape, np.float32) for n in model.inputs}
    (cost,) = costs(model)
    assert cost.macs == run(model, feeds)["y"].sum() / 2  # two samples


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_a_recurrence_multiplies_with_all_of_its_weights_at_every_step(op):
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    weights = [(2, gates * 8, 5), (2, gates * 8, 8)]
    # X is (steps, batch, features): the first axis is what the test calls the batch
    model = one_node(op, [(3, 5)], weights, batch=1, hidden_size=8, direction="bidirectional")
    (cost,) = costs(model)
    assert cost.macs == 3 * 2 * gates * 8 * (5 + 8)


def test_attention_costs_what_its_two_matrix_products_cost():
    parts = [(2, 6, 8), (2, 9, 8), (2, 9, 4)]
    (whole,) = costs(one_node("Attention", parts, opset=23))
    scores = one_node("MatMul", [(2, 6, 8), (2, 8, 9)])
    answers = one_node("MatMul", [(2, 6, 9), (2, 9, 4)])
    assert whole.macs == costs(scores)[0].macs + costs(answers)[0].macs


@pytest.mark.parametrize("batch", [1, 2, "N", None])
def test_the_cost_is_that_of_one_sample_whatever_the_batch(batch):
    (cost,) = costs(one_node("Conv", [(6, 9, 7)], [(8, 6, 3, 3)], batch=batch))
    assert (cost.macs, cost.activation_bytes) == (8 * 7 * 5 * 6 * 9, 4 * 8 * 7 * 5)


def test_what_is_unknown_is_not_guessed():
    (open_height,) = costs(one_node("Conv", [(6, "H", 7)], [(8, 6, 3, 3)]))
    (foreign,) = costs(one_node("Conv", [(6, 9, 7)], [(8, 6, 3, 3)], domain="nowhere"))
    assert (open_height.macs, open_height.activation_bytes) == (None, None)
    assert (foreign.macs, foreign.parameters) == (None, 8 * 6 * 9)


def test_other_operators_multiply_nothing():
    assert [cost.macs for cost in costs(one_node("Relu", [(6, 9, 7)]))] == [0]


def test_indices_and_single_numbers_are_no_parameters(tiny):
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [0, -1])
    limit = helper.make_tensor("limit", TensorProto.FLOAT, [], [6.0])
    nodes = [
        helper.make_node("Clip", ["x", "limit"], ["c"]),
        helper.make_node("Reshape", ["c", "shape"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("x", "y")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [shape, limit])
    assert [c.parameters for c in costs(Model(helper.make_model(graph)))] == [0, 0]
    assert sum(c.parameters for c in costs(tiny)) == 4 * 27 + 4 * 36 + 20 + 5
    assert sum(c.weight_bytes for c in costs(tiny)) == 4 * (4 * 27 + 4 * 36 + 20 + 5)


@pytest.mark.real
def test_resnet50_costs_what_its_authors_published():
    macs = sum(c.macs for c in costs(load(RESNET50)))
    assert macs == pytest.approx(4.1e9, rel=0.01)  # torchvision says 4.09 G


@pytest.mark.real
def test_efficientnet_lite0_costs_what_its_authors_published():
    paid = costs(load(LITE0))
    # The authors' 407 M count normalisation and activations too; convolutions alone are 385 M.
    assert sum(c.macs for c in paid) == 385_187_552
    # timm counts 4,652,008 trainable numbers; the running statistics come to 2 × 21,008.
    assert sum(c.parameters for c in paid) == 4_652_008 + 2 * 21_008
