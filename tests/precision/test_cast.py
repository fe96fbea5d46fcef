import json
import pkgutil

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from typer.testing import CliRunner

import onnxprobe.precision
from onnxprobe.cli.app import app
from onnxprobe.errors import ContractError, NoSuchNameError
from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.precision import PRECISIONS
from onnxprobe.precision.writing import KEY, write_cast
from onnxprobe.probe import Probe
from onnxprobe.runtime import Session

FP16 = PRECISIONS["fp16"]


@pytest.fixture
def fused(tmp_path, tiny, tiny_file):
    rng = np.random.default_rng(0)
    head = LinearHead(
        HEADS["detectors"],
        rng.normal(size=(3, 8)).astype(np.float32),
        np.zeros(3, np.float32),
        np.full(3, 0.5, np.float32),
        ("a", "b", "c"),
        (4, 4),
    )
    probes = (Probe("block", "mean"), Probe("stem", "std"))
    write_fused(tiny_file, [Part.linear(head, probes, like=tiny)], tmp_path / "fused.onnx")
    return tmp_path / "fused.onnx"


def test_a_fused_file_is_halved_but_for_its_head_and_says_how_near_it_is(fused, tmp_path):
    done = write_cast(fused, tmp_path / "half.onnx", precision=FP16)
    new = load(tmp_path / "half.onnx")
    head = {
        t.name: t.data_type for t in new.proto.graph.initializer if t.name.startswith("domain/")
    }
    assert set(head.values()) <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
    assert [near.name for near in done.outputs] == list(load(fused).outputs)
    assert max(near.relative for near in done.outputs) <= FP16.tolerance
    said = json.loads(new.metadata[KEY])
    assert said["outputs"]["scores"]["relative"] == done.outputs[0].relative > 0
    assert "within" in json.loads(new.metadata["onnxprobe.proof"])["old_outputs"]


def test_what_is_given_is_compared_too(fused, tmp_path, images):
    done = write_cast(fused, tmp_path / "half.onnx", precision=FP16, given=[{"image": images}])
    assert done.given == 1
    with pytest.raises(ContractError, match=r"of its largest value off in fp16 \(allowed: 0.02\)"):
        # numbers that float16 has no place for
        write_cast(fused, tmp_path / "no.onnx", precision=FP16, given=[{"image": images * 1e6}])
    assert not (tmp_path / "no.onnx").exists()


def test_a_tolerance_that_cannot_be_met_writes_nothing(fused, tmp_path):
    with pytest.raises(ContractError, match="nothing was written; allow more with --tolerance"):
        write_cast(fused, tmp_path / "no.onnx", precision=FP16, tolerance=0.0)
    assert not (tmp_path / "no.onnx").exists()


def test_the_command_says_how_near(fused, tmp_path):
    out = str(tmp_path / "half.onnx")
    said = CliRunner().invoke(app, ["cast", str(fused), "--precision", "fp16", "-o", out])
    assert said.exit_code == 0, said.output
    assert "output 'scores': within" in said.stdout
    assert "random numbers at batch 1, 2, 5; allowed: 0.02" in said.stdout
    plain = CliRunner().invoke(app, ["cast", str(fused), "-o", out, "--json"])
    assert json.loads(plain.stdout)["precision"] == "fp16"


def test_a_precision_that_is_not_there_is_named():
    with pytest.raises(NoSuchNameError, match="no precision named 'fp17'; did you mean 'fp16'"):
        PRECISIONS["fp17"]


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.precision.__path__)}
    assert files - {"_base", "operands", "rounding", "writing"} == set(PRECISIONS)


def test_weights_on_disk_are_read_and_halved(loaded_big, tmp_path):
    old = save(loaded_big, tmp_path / "old.onnx")
    done = write_cast(old, tmp_path / "new.onnx", precision=FP16)
    assert done.bytes[1] < 0.6 * done.bytes[0]
    tensors = {t.name: t for t in onnx.load(tmp_path / "new.onnx").graph.initializer}
    kept = {name: numpy_helper.to_array(t) for name, t in tensors.items()}
    np.testing.assert_array_equal(kept["typed"], loaded_big.constant("typed").astype(np.float16))
    assert isinstance(load(tmp_path / "new.onnx"), Model)
    assert Session(tmp_path / "new.onnx").outputs == Session(old).outputs
