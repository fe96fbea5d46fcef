"""tract, the inference engine in Rust."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

TRACT: Final = Runtime(
    name="tract",
    releases=(Release("0.23", 28, 14, {"ai.onnx.ml": 3}),),
    without={
        "Loop": "with SVC leave probability=True out",
        "ai.onnx.ml::ZipMap": "leave the map out",
    },
    without_types=frozenset({"float64"}),
    source=(
        "0.23.9: every opset from 11 to 28 and IR 14 loaded, ai.onnx.ml too; of 126 heads those with a "
        "Loop, and linear ones in float64, failed (2026-11)"
    ),
)
