"""Fused files, as they are and in half precision, on ONNX Runtime's other execution providers."""

import numpy as np
import pytest

from onnxprobe.devices import KINDS
from onnxprobe.devices._base import Device
from onnxprobe.graph.load import load
from onnxprobe.heads import HEADS
from onnxprobe.precision.fp16 import half
from onnxprobe.runtime import Session
from runtimes.cases import BATCHES, write_cases

pytestmark = [pytest.mark.slow, pytest.mark.real]
NEAR = {"float32": 1e-3, "float16": 1e-1}
"""Relative to the largest old answer: other kernels sum in another order, some hundred layers deep, and
float16 keeps ten bits from one layer to the next."""
ON = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.gpu),
    pytest.param("tensorrt", marks=pytest.mark.gpu),
]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    return folder, write_cases(folder)


@pytest.mark.parametrize("kind", ON)
@pytest.mark.parametrize("precision", NEAR)
@pytest.mark.parametrize("name", HEADS)
def test_a_fused_file_answers_on_every_provider(cases, kind, precision, name):
    folder, case = cases[0] / name, cases[1][name]
    model = load(folder / "model.onnx")
    device = Device(KINDS[kind])
    session = Session(model if precision == "float32" else half(model), device=device)
    assert session.providers[0] == device.kind.provider
    for batch in BATCHES:
        pictures = np.fromfile(folder / f"{batch}.bin", np.float32).reshape(batch, 3, 224, 224)
        found = session.run({session.inputs[0].name: pictures}, list(case.outputs))
        for output, expected in zip(case.outputs, case.expected[batch], strict=True):
            assert found[output].shape == expected.shape
            assert found[output].dtype == expected.dtype
        for output, expected in zip(case.outputs[: case.old], case.expected[batch], strict=False):
            far = np.abs(found[output] - expected).max() / max(1.0, np.abs(expected).max())
            assert far <= NEAR[precision], output
