"""OpenVINO, as ``core.read_model`` and the CPU plugin take a file."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

OPENVINO: Final = Runtime(
    name="openvino",
    releases=(Release("2024.6", 28, 14),),
    source=(
        "2024.6.0 and 2026.4.1, CPU, INFERENCE_PRECISION_HINT=f32: every opset from 9 to 28 and every IR "
        "from 3 to 14 loaded, no operator of ai.onnx.ml did, 126 heads gave the numbers of ONNX Runtime "
        "(2026-11)"
    ),
)
