"""MLflow's scoring server, with the model directory that ``package --for mlflow`` writes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.runtime import Session
from servers.serving import answer_of, free_port, running

pytestmark = pytest.mark.servers
PACKAGES = ("mlflow-skinny==3.17.0", "onnx", "onnxruntime", "pandas", "fastapi", "uvicorn", "flask")


def test_the_scoring_server_answers_what_onnx_runtime_does(environment, run, pictures, tmp_path):
    python, folder, port = environment(*PACKAGES), tmp_path / "model", free_port()
    fused = run / "fused.onnx"
    done = CliRunner().invoke(app, ["package", str(fused), "--for", "mlflow", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    command = [
        *(python, "-m", "mlflow", "models", "serve", "-m", folder),
        *("--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)),
    ]
    url, path = f"http://127.0.0.1:{port}", f"{python.parent}:/usr/bin:/bin"
    example = folder.joinpath("serving_input_example.json").read_bytes()
    asked = json.dumps({"inputs": {"image": pictures[:3].tolist()}}).encode()
    with running(command, f"{url}/ping", tmp_path / "log", PATH=path):
        told = [answer_of(f"{url}/invocations", body)["predictions"] for body in (asked, example)]
    expected = Session(fused).run({"image": pictures[:3]})
    assert list(told[0]) == list(told[1]) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(np.array(told[0][name], array.dtype), array)
