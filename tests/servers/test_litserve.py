"""LitServe, with the folder that ``package --for litserve`` writes."""

import base64
import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.graph.load import load
from onnxprobe.images import preprocess_for
from onnxprobe.runtime import Session
from servers.serving import answer_of, free_port, running

pytestmark = pytest.mark.servers
PACKAGES = ("litserve==0.2.19", "onnxruntime", "opencv-python-headless")
CLASSES = ("cats", "dogs", "birds")


def test_arrays_and_pictures_are_answered_with_the_names_of_domains(
    environment, run, pictures, tmp_path
):
    python, folder, port = environment(*PACKAGES), tmp_path / "package", free_port()
    fused = run / "fused.onnx"
    done = CliRunner().invoke(app, ["package", str(fused), "--for", "litserve", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    _, encoded = cv2.imencode(".png", pixels[..., ::-1])
    picture = base64.b64encode(encoded.tobytes()).decode()
    asked = [{"inputs": {"image": pictures[:3].tolist()}}, {"picture": picture}]
    url = f"http://127.0.0.1:{port}"
    command = [python, folder / "server.py", str(port)]
    with running(command, f"{url}/health", tmp_path / "log"):
        told = [answer_of(f"{url}/predict", json.dumps(body).encode()) for body in asked]
    prepared, _ = preprocess_for(load(fused))
    for said, x in zip(told, (pictures[:3], prepared(pixels)[None]), strict=True):
        expected = Session(fused).run({"image": x})
        for name, array in expected.items():
            np.testing.assert_array_equal(np.array(said["outputs"][name], array.dtype), array)
        ids = expected["domain_id"].ravel()
        assert said["classes"]["domain"] == [CLASSES[i] if i >= 0 else None for i in ids]
