"""Models that return texts or sequences beside tensors."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.batch.proving import write_dynamic
from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.measure import measured
from onnxprobe.probe import Probe
from onnxprobe.repair.proving import write_repaired
from onnxprobe.verdict import verdict


def with_texts():
    """A name for each picture goes in, and out again."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    for infos, name in ((proto.graph.input, "name"), (proto.graph.output, "name_out")):
        infos.append(helper.make_tensor_value_info(name, TensorProto.STRING, ["N"]))
    proto.graph.node.append(helper.make_node("Identity", ["name"], ["name_out"]))
    return Model(proto)


def with_sequence():
    """Two tensors of different shapes come out as one sequence."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.graph.output.append(
        helper.make_tensor_sequence_value_info("both", TensorProto.FLOAT, None)
    )
    proto.graph.node.append(helper.make_node("SequenceConstruct", ["scores", "flat"], ["both"]))
    return Model(proto)


@pytest.fixture(params=[with_texts, with_sequence])
def odd_file(request, tmp_path):
    return save(request.param(), tmp_path / "odd.onnx")


def head():
    weight = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    half = np.full(3, 0.5, np.float32)
    return LinearHead(HEADS["softmax"], weight, weight[:, 0], half, ("a", "b", "c"), (4,))


def test_a_file_keeps_its_own_contract(odd_file):
    found = verdict(odd_file, odd_file)
    assert found.kept
    assert len(found.outputs) == 2


def test_the_pick_is_what_it_is_without_the_odd_output(odd_file):
    assert pick(measured(load(odd_file))).tensor == "block"


def test_a_head_is_fused_and_proven(odd_file, tmp_path):
    part = Part.linear(head(), [Probe("block")], like=load(odd_file))
    proof = write_fused(odd_file, [part], tmp_path / "fused.onnx")
    assert [output.identical for output in proof.outputs] == [True, True]


def test_a_file_that_is_well_is_proven_well(odd_file, tmp_path):
    mended = write_repaired(odd_file, tmp_path / "well.onnx")
    assert [output.identical for output in mended.outputs] == [True, True]


def test_texts_together_are_the_texts_alone(tmp_path):
    path = save(with_texts(), tmp_path / "odd.onnx")
    mended = write_dynamic(path, tmp_path / "dynamic.onnx")
    assert [output.identical for output in mended.outputs] == [(1, 2, 5), (1, 2, 5)]
