import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import BatchError, NoSuchNameError, RunError
from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe
from onnxprobe.repair import AILMENTS


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


@pytest.fixture
def fused(tmp_path, tiny_file):
    model = load(tiny_file)
    rng = np.random.default_rng(0)
    parts = [
        Part.linear(
            LinearHead(
                HEADS["softmax"],
                rng.normal(size=(2, 4)).astype(np.float32),
                np.zeros(2, np.float32),
                np.full(2, 0.5, np.float32),
                ("a", "b"),
                (4,),
                name,
            ),
            [Probe("block", "mean")],
            like=model,
        )
        for name in ("one", "two")
    ]
    write_fused(tiny_file, parts, tmp_path / "fused.onnx")
    return tmp_path / "fused.onnx"


@pytest.fixture
def fixed(tmp_path, tiny):
    """The small network for one picture, flattened by a Reshape that has the batch in it."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    for info in (*proto.graph.input, *proto.graph.output):
        info.type.tensor_type.shape.dim[0].dim_value = 1
    flat = proto.graph.node[5]
    flat.op_type, flat.name = "Reshape", "flatten"
    flat.input.append("to")
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1, 4]), "to"))
    return save(Model(proto), tmp_path / "fixed.onnx")


def test_heads_lists_what_each_reads_and_returns(fused):
    shown = invoke("heads", fused).output
    for word in ("one", "two", "softmax", "block:mean", "one_scores"):
        assert word in shown


def test_heads_as_json(fused):
    (one, two) = json.loads(invoke("heads", fused, "--json").output)
    assert (one["name"], two["name"]) == ("one", "two")
    assert one["probes"] == ["block:mean"]
    assert one["outputs"] == ["one_scores", "one_id", "one_confidence"]
    assert one["classes"] == ["a", "b"]


def test_heads_of_a_backbone(tiny_file):
    assert invoke("heads", tiny_file).output == "no head was fused into this model\n"
    assert json.loads(invoke("heads", tiny_file, "--json").output) == []


def test_unstitch_gives_the_backbone_back(tmp_path, fused, tiny_file):
    shown = invoke("unstitch", fused, "-o", tmp_path / "bare.onnx").output
    assert "without 'one', 'two'; byte for byte the backbone that was fused" in shown
    assert (tmp_path / "bare.onnx").read_bytes() == tiny_file.read_bytes()


def test_unstitch_of_one_head_says_what_stays_and_what_was_shown(tmp_path, fused):
    shown = invoke("unstitch", fused, "--head", "one", "-o", tmp_path / "rest.onnx").output
    assert "without 'one' (kept: 'two'); 4 outputs bit-identical at batch 1, 2, 5" in shown


def test_unstitch_without_proof_says_so(tmp_path, fused):
    shown = invoke("unstitch", fused, "--head", "one", "-o", tmp_path / "rest.onnx", "--no-proof")
    assert "written without proof, as asked" in shown.output


def test_batch_names_the_node_and_shows_the_runs(tmp_path, fixed):
    lines = invoke("batch", fixed, "-o", tmp_path / "new.onnx").output.splitlines()
    assert lines[0] == ("Reshape 'flatten' writes batch 1 into its shape [1, 4]; now: shape [0, 4]")
    assert lines[1] == "the inputs declare batch 1; now: any"
    assert lines[2].startswith("output 'scores', together against alone: bit-identical at batch 1")
    assert lines[3] == str(tmp_path / "new.onnx")


def test_batch_as_json(tmp_path, fixed):
    facts = json.loads(invoke("batch", fixed, "-o", tmp_path / "new.onnx", "--json").output)
    assert facts["batch"] == 1
    assert facts["baked"][0]["node"] == "Reshape 'flatten'"
    assert facts["batches"] == [1, 2, 5]
    assert facts["outputs"][0]["difference"] <= facts["tolerance"]


def test_batch_of_a_dynamic_model_says_so(tmp_path, tiny_file):
    shown = invoke("batch", tiny_file, "-o", tmp_path / "new.onnx").output
    assert "the batch is dynamic already; nothing had to change" in shown


def test_batch_refuses_a_model_that_mixes_pictures(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.graph.node.append(
        onnx.helper.make_node("Softmax", ["scores"], ["mixed"], name="soft", axis=0)
    )
    proto.graph.output[0].name = "mixed"
    save(Model(proto), tmp_path / "old.onnx")
    result = CliRunner().invoke(
        app, ["batch", str(tmp_path / "old.onnx"), "-o", str(tmp_path / "new.onnx")]
    )
    assert isinstance(result.exception, BatchError)
    assert str(result.exception) == (
        "Softmax 'soft' is taken over axis 0, where the pictures of a batch lie; so pictures must "
        "go in 1 at a time"
    )
    assert not (tmp_path / "new.onnx").exists()


def damaged(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.graph.node.reverse()
    for i in range(5):
        proto.graph.initializer.append(numpy_helper.from_array(np.ones(3), f"lost{i}"))
    return save(Model(proto), tmp_path / "damaged.onnx")


def test_repair_says_what_was_wrong_and_what_was_shown(tmp_path, tiny):
    old = damaged(tmp_path, tiny)
    lines = invoke("repair", old, "-o", tmp_path / "new.onnx").output.splitlines()
    assert lines[0].startswith("nodes that stand before what they read (6): moved behind it: Gemm")
    assert lines[1] == ("weights that nothing reads (5): taken out: lost0, lost1, lost2 and 2 more")
    assert lines[-2] == "output 'scores': bit-identical at batch 1, 2, 5"


def test_repair_as_json_names_everything(tmp_path, tiny):
    old = damaged(tmp_path, tiny)
    facts = json.loads(
        invoke("repair", old, "-o", tmp_path / "new.onnx", "--json", "--skip", "order").output
    )
    assert [f["ailment"] for f in facts["findings"]] == ["unused-weights"]
    assert len(facts["findings"][0]["names"]) == 5


def test_repair_of_a_file_that_did_not_load_says_why(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    for node in proto.graph.node:
        node.name = "node"
    save(Model(proto), tmp_path / "old.onnx")
    lines = invoke("repair", tmp_path / "old.onnx", "-o", tmp_path / "new.onnx").output
    assert "before: ONNX Runtime" in lines
    assert "after: it runs" in lines


def test_a_healthy_file_has_nothing_to_repair(tmp_path, tiny_file):
    shown = invoke("repair", tiny_file, "-o", tmp_path / "new.onnx").output
    assert shown.startswith("nothing to repair\n")
    assert (tmp_path / "new.onnx").read_bytes() == tiny_file.read_bytes()


def test_without_a_file_to_write_repair_says_what_it_would_mend_and_exits_with_1(tmp_path, tiny):
    old = damaged(tmp_path, tiny)
    written = invoke("repair", old, "-o", tmp_path / "new.onnx").output.splitlines()
    there = sorted(tmp_path.iterdir())
    result = invoke("repair", old)
    assert result.exit_code == 1
    last = "nothing was written; -o OUT writes the mended file"
    assert result.output.splitlines() == [*written[:-1], last]
    assert sorted(tmp_path.iterdir()) == there


def test_without_a_file_to_write_a_healthy_one_exits_with_0(tiny_file):
    result = invoke("repair", tiny_file)
    assert (result.exit_code, result.output) == (0, "nothing to repair\n")


def test_what_is_skipped_is_no_reason_to_exit_with_1(tmp_path, tiny):
    old = damaged(tmp_path, tiny)
    result = invoke("repair", old, "--json", "--skip", "order", "--skip", "unused-weights")
    assert (result.exit_code, json.loads(result.output)["findings"]) == (0, [])


def test_without_proof_and_without_a_file_to_write_nothing_is_run(tmp_path, tiny):
    result = invoke("repair", damaged(tmp_path, tiny), "--no-proof")
    assert result.exit_code == 1
    assert result.output.splitlines()[-2] == "not run, as asked"


def test_a_file_that_cannot_be_mended_is_an_error_without_a_file_to_write_too(tmp_path, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    proto.graph.node[0].op_type = "Nothing"
    save(Model(proto), tmp_path / "old.onnx")
    result = CliRunner().invoke(app, ["repair", str(tmp_path / "old.onnx")])
    assert isinstance(result.exception, RunError)
    assert "Nothing 'conv1' is no operator of ONNX" in str(result.exception)


def test_repair_declares_inner_shapes_where_that_is_asked_for(tmp_path, tiny_file):
    arguments = ("repair", tiny_file, "-o", tmp_path / "new.onnx", "--also", "value-info")
    first = "inner tensors without a declared type and shape (6): declared: stem, branch, gate and"
    assert invoke(*arguments).output.startswith(first)


def test_the_help_of_repair_names_every_ailment():
    shown = " ".join(invoke("repair", "--help").output.replace("│", " ").split())
    named = {
        when: [a.name for a in AILMENTS.values() if a.when == when]
        for when in ("always", "refused", "asked")
    }
    assert ", ".join(named["always"]) in shown
    assert "does not load: " + ", ".join(named["refused"]) in shown
    assert all(f"{name} (" in shown for name in named["asked"])


def test_an_unknown_ailment_suggests_a_near_one(tmp_path, tiny_file):
    arguments = ["repair", str(tiny_file), "-o", str(tmp_path / "new.onnx"), "--skip", "ordr"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, NoSuchNameError)
