"""ONNX Runtime, as its packages load files."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

_ML: Final = "ai.onnx.ml"
_CONTRIB: Final = "com.microsoft"


def _release(version: str, opset: int, ir: int, ml: int) -> Release:
    return Release(version, opset, ir, {_ML: ml, _CONTRIB: 1})


RELEASES: Final = (
    _release("1.7", 13, 7, 2),
    _release("1.8", 14, 7, 2),
    _release("1.9", 15, 7, 2),
    _release("1.15", 19, 9, 3),
    _release("1.17", 20, 9, 4),
    _release("1.18", 21, 10, 5),
    _release("1.21", 22, 10, 5),
    _release("1.23", 23, 11, 5),
    _release("1.24", 25, 13, 5),
    _release("1.25", 26, 13, 5),
    _release("1.32", 28, 14, 5),
)
ONNXRUNTIME: Final = Runtime(
    name="onnxruntime",
    releases=RELEASES,
    text=True,
    maps=True,
    oldest_opset=7,
    source=(
        "1.7 to 1.9: the table in its docs/Versioning.md; from 1.15 on: one model for each opset, IR and "
        "ai.onnx.ml version loaded in 1.15.1, 1.16.3, 1.17.3, 1.18.1, 1.19.2, 1.20.1, 1.21.1, 1.22.1, "
        "1.23.2, 1.24.4, 1.25.1, 1.26.0, 1.27.0, 1.28.0, 1.29.0, 1.30.0, 1.31.1 and 1.32.0 (CPU, 2026-11)"
    ),
)
