"""A backbone in int8 (QDQ) is taken like any other: found its way around, fused, proven."""

import numpy as np
import pytest
from runtimes.cases import BACKBONE

from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.load import load
from onnxprobe.graph.pick import pick
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.precision import PRECISIONS
from onnxprobe.precision.writing import write_cast
from onnxprobe.probe import Probe, width
from onnxprobe.runtime import Session
from onnxprobe.verdict import verdict

pytestmark = [pytest.mark.slow, pytest.mark.real]


@pytest.fixture(scope="module")
def quantised(tmp_path_factory):
    """The bundled backbone with weights and activations in int8, as ONNX Runtime's tool makes it."""
    quantization = pytest.importorskip("onnxruntime.quantization")
    out = tmp_path_factory.mktemp("int8") / "int8.onnx"
    (value,) = Session(BACKBONE).inputs
    runs = np.random.default_rng(0).normal(size=(2, 1, 3, 224, 224)).astype(np.float32)

    class Reader(quantization.CalibrationDataReader):
        left = iter({value.name: x} for x in runs)

        def get_next(self):
            return next(self.left, None)

    quantization.quantize_static(
        str(BACKBONE),
        str(out),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
    )
    return out


def test_the_pick_is_where_it_was(quantised):
    before, after = pick(load(BACKBONE)), pick(load(quantised))
    assert after.shape == before.shape
    assert after.tensor.startswith(before.tensor)


def test_heads_are_fused_and_the_old_answers_stay_to_the_bit(quantised, tmp_path):
    model = load(quantised)
    probes = [Probe(pick(model).tensor, pooling) for pooling in ("mean", "std")]
    widths = tuple(width(model, probe) for probe in probes)
    weight = np.random.default_rng(0).normal(size=(4, sum(widths))) / np.sqrt(sum(widths))
    head = LinearHead(
        HEADS["detectors"],
        weight.astype(np.float32),
        np.zeros(4, np.float32),
        np.full(4, 0.5, np.float32),
        ("a", "b", "c", "d"),
        widths,
    )
    fused = tmp_path / "fused.onnx"
    assert write_fused(quantised, [Part.linear(head, probes, like=model)], fused).kept
    assert verdict(quantised, fused).kept


def test_what_is_not_int8_can_be_halved(quantised, tmp_path):
    """int8 steps are far coarser than float16, but a number at the edge of two may take the other."""
    done = write_cast(quantised, tmp_path / "h.onnx", precision=PRECISIONS["fp16"], tolerance=0.2)
    assert done.bytes[1] < done.bytes[0]
