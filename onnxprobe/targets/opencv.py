"""OpenCV's dnn module, as ``readNetFromONNX`` takes a file."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

_CONTROL_FLOW: Final = "OpenCV runs straight graphs only; with SVC leave probability=True out"

OPENCV: Final = Runtime(
    name="opencv",
    releases=(Release("4.8", 28, 14),),
    without=dict.fromkeys(("If", "Loop", "Scan"), _CONTROL_FLOW),
    without_types=frozenset({"float64"}),
    source=(
        "4.8.1, 4.10.0, 4.12.0, 4.14.0 and 5.0.0: every opset from 9 to 28 and every IR from 3 to 14 "
        "loaded; of 126 heads those with a Loop failed, and those in float64 failed or gave other numbers "
        "in 5.0.0; operators of ai.onnx.ml failed; 4.8.1 and 4.12.0 "
        "take an open batch for 1, so that some heads fail or go wrong where more pictures come at once (2026-11)"
    ),
)
