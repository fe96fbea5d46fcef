import numpy as np
import onnx
import pytest
from test_repair import add_input, damaged, healthy, list_weights, one_name_for_all
from tiny import tiny_model

from onnxprobe.batch.proving import write_dynamic
from onnxprobe.errors import ContractError, RunError
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.repair.proving import write_repaired
from onnxprobe.runtime import Session, run


def test_a_file_that_runs_answers_the_same_when_repaired(tmp_path):
    def both(proto):
        add_input(proto)
        list_weights(proto)

    save(damaged(both), tmp_path / "old.onnx")
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert load(tmp_path / "new.onnx").inputs == ("image",)
    assert (done.before, done.after, done.batches) == ("", "", (1, 2, 5))
    assert done.outputs[0].relative <= 1e-6  # weights that are constant are fused by the runtime
    assert [f["ailment"] for f in done.to_json()["findings"]] == [
        "weights-as-inputs",
        "dangling-inputs",
    ]


def test_a_file_that_does_not_load_is_repaired_and_runs(tmp_path):
    save(damaged(one_name_for_all), tmp_path / "old.onnx")
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert "two nodes with same node name" in done.before
    assert (done.after, done.batches, done.outputs) == ("", (), ())


def foreign(proto):
    """An operator that no runtime has."""
    proto.graph.node[2].domain = "ours"
    proto.opset_import.add(domain="ours", version=1)


def test_a_file_that_still_does_not_load_is_not_written_and_the_reason_is_said(tmp_path):
    old = save(damaged(foreign), tmp_path / "old.onnx")
    with pytest.raises(RunError) as caught:
        write_repaired(old, tmp_path / "new.onnx")
    said = str(caught.value)
    assert said.startswith("nothing is found that could be repaired, but ONNX Runtime ")
    assert "Load model from " + str(old) in said
    assert "ours:Relu(-1) is not a registered function/op; nothing was written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["old.onnx"]


def test_what_is_mended_so_far_is_written_when_no_proof_is_asked_for(tmp_path):
    def both(proto):
        one_name_for_all(proto)
        foreign(proto)

    old = save(damaged(both), tmp_path / "old.onnx")
    with pytest.raises(RunError, match=r"^without 'node-names' too, .*\(--no-proof writes what is"):
        write_repaired(old, tmp_path / "new.onnx")
    done = write_repaired(old, tmp_path / "new.onnx", proven=False)
    assert (done.proven, done.outputs) == (False, ())
    assert [n.name for n in load(tmp_path / "new.onnx").nodes[:3]] == ["node", "node_2", "node_3"]


def test_a_file_that_loads_but_does_not_run_on_random_numbers_is_written_and_says_so(tmp_path):
    """Its places lie beyond the table for most numbers; that is no damage."""

    def look_up(proto):
        del proto.graph.node[:]
        proto.graph.node.add(op_type="Cast", input=["image"], output=["places"]).attribute.append(
            onnx.helper.make_attribute("to", onnx.TensorProto.INT64)
        )
        proto.graph.node.add(op_type="Mul", input=["places", "far"], output=["further"])
        proto.graph.node.add(op_type="Gather", input=["w1", "further"], output=["scores"])
        far = onnx.numpy_helper.from_array(np.array(1000), "far")
        proto.graph.initializer.append(far)
        proto.graph.output[0].type.tensor_type.ClearField("shape")

    old = save(damaged(look_up), tmp_path / "old.onnx")
    done = write_repaired(old, tmp_path / "new.onnx")
    assert "does not run" in done.before
    assert "does not run" in done.after
    assert (tmp_path / "new.onnx").exists()


def test_a_file_that_would_no_longer_run_is_not_written(tmp_path, monkeypatch):
    old = save(tiny_model(), tmp_path / "old.onnx")
    real, seen = Session.run, []

    def later(self, feeds, outputs=None):
        seen.append(self)
        if self is not seen[0]:
            raise RunError("the model does not run")
        return real(self, feeds, outputs)

    monkeypatch.setattr(Session, "run", later)
    with pytest.raises(ContractError, match="repaired, the model does not run; nothing was"):
        write_repaired(old, tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()


def test_nothing_to_repair_leaves_the_same_bytes(tmp_path):
    old = save(healthy(), tmp_path / "old.onnx")
    done = write_repaired(old, tmp_path / "new.onnx")
    assert (done.findings, done.outputs[0].identical) == ((), True)
    assert (tmp_path / "new.onnx").read_bytes() == old.read_bytes()


def test_a_fixed_batch_is_run_at_that_batch(tmp_path):
    save(tiny_model(batch=3), tmp_path / "old.onnx")
    done = write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert (len(done.batches), done.outputs[0].identical) == (1, True)


@pytest.mark.parametrize("wrong", [np.float32(1e-2), np.float32("nan")])
def test_an_answer_that_would_change_keeps_the_file_from_being_written(
    tmp_path, monkeypatch, wrong
):
    old = save(tiny_model(), tmp_path / "old.onnx")
    real, seen = Session.run, []

    def later(self, feeds, outputs=None):
        seen.append(self)
        results = real(self, feeds, outputs)
        return {n: a if self is seen[0] else a + wrong for n, a in results.items()}

    monkeypatch.setattr(Session, "run", later)
    with pytest.raises(ContractError, match="repaired, the output 'scores' would change by"):
        write_repaired(old, tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()


def test_the_repaired_file_passes_onnx_s_own_checker(tmp_path):
    save(tiny_model(opset=9, ir_version=3), tmp_path / "old.onnx")
    write_repaired(tmp_path / "old.onnx", tmp_path / "new.onnx")
    onnx.checker.check_model(str(tmp_path / "new.onnx"), full_check=True)


def test_a_small_twin_of_a_shipped_face_network_ends_up_dynamic(tmp_path, images):
    """Weights and inputs that nothing reads are listed as inputs, and it takes one picture."""

    def like_shipped(proto):
        list_weights(proto)
        add_input(proto)
        proto.graph.value_info.append(proto.graph.value_info[0])

    shipped = save(damaged(like_shipped, healthy(batch=1)), tmp_path / "shipped.onnx")
    with pytest.raises(RunError, match=r"Required inputs \(\['old_weight'\]\) are missing"):
        run(shipped, {"image": images[:1]})
    repaired = write_repaired(shipped, tmp_path / "repaired.onnx")
    assert [finding.ailment for finding in repaired.findings] == [
        "weights-as-inputs", "dangling-inputs", "declared-twice",
    ]  # fmt: skip
    mended = write_dynamic(tmp_path / "repaired.onnx", tmp_path / "dynamic.onnx")
    assert mended.outputs[0].difference <= mended.tolerance
    assert run(tmp_path / "dynamic.onnx", {"image": images})["scores"].shape == (5, 5)
