"""tract, the inference engine in Rust."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

TRACT: Final = Runtime(
    name="tract",
    releases=(Release("0.23", 28, 14, {"ai.onnx.ml": 3}),),
    without={
        "Loop": "with SVC leave probability=True out",
        **{
            f"ai.onnx.ml::{op}": "of trees it has TreeEnsembleClassifier alone"
            for op in ("SVMClassifier", "SVMRegressor", "Scaler", "TreeEnsembleRegressor", "ZipMap")
        },
    },
    without_types=frozenset({"float64"}),
    source=(
        "0.23.9: every opset from 9 to 28 and every IR from 3 to 14 loaded; of ai.onnx.ml "
        "TreeEnsembleClassifier did, the operators named here did not; of 126 heads those with a Loop, and "
        "linear ones in float64, failed (2026-11)"
    ),
)
