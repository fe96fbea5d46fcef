import numpy as np
import pytest
from batch_cases import floats, model, node
from test_dynamic import flat
from tiny import tiny_model

from onnxprobe.batch.proving import write_dynamic
from onnxprobe.errors import BatchError, RunError
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.runtime import Session


def test_the_new_file_is_written_with_what_was_found_and_shown(tmp_path):
    old = save(flat(), tmp_path / "old.onnx")
    done = write_dynamic(old, tmp_path / "new.onnx")
    assert load(tmp_path / "new.onnx").values["x"].shape == ("N", 4, 3)
    assert (done.batch, done.declared, done.changed) == (1, True, True)
    assert [str(place) for place in done.baked] == [
        "Reshape 'rows' writes batch 1 into its shape [1, 12]"
    ]
    (output,) = done.outputs
    assert (output.name, output.rows, output.identical) == ("relu", 1, (1, 2, 5))


def test_a_model_that_is_dynamic_already_is_shown_to_be(tmp_path, tiny_file):
    done = write_dynamic(tiny_file, tmp_path / "new.onnx")
    assert (done.changed, done.outputs[0].identical) == (False, (1, 2, 5))
    assert (tmp_path / "new.onnx").read_bytes() == tiny_file.read_bytes()


def test_a_model_of_four_pictures_is_compared_with_four_at_a_time(tmp_path):
    save(tiny_model(batch=4), tmp_path / "old.onnx")
    done = write_dynamic(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert done.batch == 4
    assert done.outputs[0].difference <= done.tolerance


def test_an_output_that_is_the_same_for_all_is_compared_too(tmp_path):
    nodes = [node("Neg", "x", out="lost"), node("Neg", "c", out="y")]
    save(model(nodes, (1, 3), {"c": floats(4)}), tmp_path / "old.onnx")
    done = write_dynamic(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert (done.outputs[0].rows, done.outputs[0].identical) == (0, (1, 2, 5))


def test_a_run_that_shows_a_difference_keeps_the_file_from_being_written(tmp_path, monkeypatch):
    old = save(flat(), tmp_path / "old.onnx")
    real = Session.run

    def mixing(self, feeds, outputs=None):
        return {name: a + 1e-2 * (len(a) > 1) for name, a in real(self, feeds, outputs).items()}

    monkeypatch.setattr(Session, "run", mixing)
    with pytest.raises(
        BatchError, match=r"the output 'relu' differs by .* between pictures together"
    ):
        write_dynamic(old, tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()


def test_not_a_number_differs_only_from_numbers(tmp_path, monkeypatch):
    old = save(flat(), tmp_path / "old.onnx")
    real = Session.run
    lost = np.float32("nan")

    def everywhere(self, feeds, outputs=None):
        return {name: a * lost for name, a in real(self, feeds, outputs).items()}

    monkeypatch.setattr(Session, "run", everywhere)
    assert write_dynamic(old, tmp_path / "new.onnx").outputs[0].difference == 0

    def at_once(self, feeds, outputs=None):
        return {n: a * (lost if len(a) > 1 else 1) for n, a in real(self, feeds, outputs).items()}

    monkeypatch.setattr(Session, "run", at_once)
    with pytest.raises(BatchError, match="differs by nan"):
        write_dynamic(old, tmp_path / "new.onnx")


def test_a_model_that_does_not_run_is_not_mended(tmp_path):
    old = save(
        model(
            [node("Relu", "x"), node("Nothing", "c", out="y", domain="com.microsoft")],
            (1, 3),
            {"c": floats(3)},
        ),
        tmp_path / "old.onnx",
    )
    with pytest.raises(RunError, match="does not load the model"):
        write_dynamic(old, tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()
