import json

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model, weight
from typer.testing import CliRunner

from onnxprobe import runtime
from onnxprobe.cli.app import app
from onnxprobe.errors import NoSuchNameError
from onnxprobe.graph.expose import expose
from onnxprobe.graph.midcuts import mid_cuts
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.taps import taps


def chain(blocks=5):
    """Conv, BatchNormalization and Relu, which ONNX Runtime makes one operator, ``blocks`` times."""
    nodes, weights, at = [], [], "image"
    for i in range(blocks):
        conv, norm, out = (f"{name}{i}" for name in ("conv", "norm", "relu"))
        weights += [weight(f"w{i}", 4, 3 if i == 0 else 4, 3, 3)]
        for name in ("scale", "shift", "mean", "var"):
            values = np.full(4, 0.5 if name in ("scale", "var") else 0.1, np.float32)
            weights.append(numpy_helper.from_array(values, f"{name}{i}"))
        nodes += [
            helper.make_node("Conv", [at, f"w{i}"], [conv], pads=[1, 1, 1, 1]),
            helper.make_node(
                "BatchNormalization",
                [conv, *(f"{name}{i}" for name in ("scale", "shift", "mean", "var"))],
                [norm],
            ),
            helper.make_node("Relu", [norm], [out]),
        ]
        at = out
    weights.append(weight("last", 4, 5))
    nodes += [
        helper.make_node("GlobalAveragePool", [at], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "last"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 5])],
        weights,
    )
    opsets = [helper.make_opsetid("", 17)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def test_the_operators_that_run_are_fewer_than_those_of_the_file():
    model = chain()
    run = runtime.operators(model)
    assert run["BatchNormalization"] == run["Relu"] == 0
    assert run.total() < len(model.nodes)


def test_a_tap_between_fused_operators_says_which_fusion_is_lost():
    model = chain()
    before, at, after = taps(model, ["conv1", "relu1", "norm3"], rounds=2).taps
    assert before.more["Conv"] == 1  # the normalisation, which is in the weights otherwise
    assert not before.identical
    assert at.identical
    assert before.fusions > at.fusions
    assert (at.more.get("Relu", 0), after.more.get("Relu", 0)) == (0, 1)


def test_a_tap_is_the_same_to_the_bit_where_exposing_it_is():
    """The definition, said with nothing but two runs."""
    model, feeds = chain(), {"image": np.random.default_rng(0).normal(size=(1, 3, 8, 8))}
    feeds = {name: array.astype(np.float32) for name, array in feeds.items()}
    old = runtime.run(model, feeds)["scores"]
    for tap in taps(model, rounds=2).taps:
        new = runtime.run(expose(model, [tap.tensor]), feeds)["scores"]
        if tap.identical:
            np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("top", [1, 2, 4, 100])
def test_as_many_cuts_as_wanted_are_measured_front_to_back_and_the_pick_is_one(top):
    model = chain()
    cuts = [cut.tensor for cut in mid_cuts(model, pick(model).tensor)]
    found = taps(model, top=top, rounds=2)
    names = [tap.tensor for tap in found.taps]
    assert len(names) == min(top, len(cuts)) == len(set(names))
    assert names == [name for name in cuts if name in names]
    assert [tap.picked for tap in found.taps] == [False] * (len(names) - 1) + [True]
    assert found.cuts == len(cuts)


def test_ratios_are_quartiles_of_positive_numbers(tiny):
    for tap in taps(tiny, rounds=5).taps:
        low, middle, high = tap.ratio
        assert 0 < low <= middle <= high


def test_a_tensor_that_is_no_cut_is_named_with_its_neighbours():
    with pytest.raises(NoSuchNameError, match="no cut named 'relu9'; did you mean 'relu"):
        taps(chain(), ["relu9"], rounds=2)


def test_a_fixed_batch_is_measured_as_it_is():
    assert taps(tiny_model(batch=3), rounds=2).taps[-1].identical


def test_progress_counts_taps(tiny):
    told = []
    found = taps(tiny, rounds=2, progress=lambda *said: told.append(said))
    count = len(found.taps)
    assert told == [("taps", i + 1, count) for i in range(count)]


def test_the_command_shows_and_writes_all(tiny_file):
    shown = CliRunner().invoke(app, ["taps", str(tiny_file), "--rounds", "2"])
    assert shown.exit_code == 0, shown.output
    assert "◀ pick" in shown.stdout
    said = CliRunner().invoke(app, ["taps", str(tiny_file), "--rounds", "2", "--json"])
    plain = json.loads(said.stdout)
    assert {"tensor", "identical", "more", "fewer", "fusions", "ratio"} <= set(plain["taps"][0])
