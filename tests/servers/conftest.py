import json

import numpy as np
import pytest
from environments import venv
from tiny import tiny_model

from onnxprobe.fuse import Part, with_metadata, write_fused
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe

CLASSES = ("cats", "dogs", "birds")


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Make a virtual environment, one for all tests that want the same packages."""
    folder, made = tmp_path_factory.mktemp("environments"), {}

    def make(*packages):
        if packages not in made:
            made[packages] = venv(folder / str(len(made)), packages)
        return made[packages]

    return make


@pytest.fixture
def run(tmp_path):
    """A folder with backbone.onnx, and fused.onnx: the same with detectors."""
    folder = tmp_path / "run"
    how = {"size": [8, 8], "mean": [127, 127, 127], "std": [64, 64, 64]}
    model = with_metadata(tiny_model(), {"onnxprobe.preprocess": json.dumps(how)})
    save(model, folder / "backbone.onnx")
    rng = np.random.default_rng(0)
    head = LinearHead(
        HEADS["detectors"],
        rng.normal(size=(3, 8)).astype(np.float32),
        rng.normal(size=3).astype(np.float32),
        np.full(3, 0.5, np.float32),
        CLASSES,
        (4, 4),
    )
    probes = (Probe("block", "mean"), Probe("stem", "std"))
    part = Part.linear(head, probes, like=model)
    write_fused(folder / "backbone.onnx", [part], folder / "fused.onnx")
    return folder


@pytest.fixture(scope="session")
def pictures():
    """Forty different ones."""
    return np.random.default_rng(3).normal(size=(40, 3, 8, 8)).astype(np.float32)
