"""ONNX Runtime Web: the same engine in WebAssembly, with tensors alone as outputs."""

from typing import Final

from onnxprobe.targets._base import Runtime
from onnxprobe.targets.onnxruntime import RELEASES

BROWSER: Final = Runtime(
    name="browser",
    releases=RELEASES,
    text=True,
    oldest_opset=7,
    without={"ai.onnx.ml::ZipMap": "leave the map out; JavaScript has tensors only"},
    source=(
        "onnxruntime-web is the CPU engine of the same version compiled to WebAssembly (its README); "
        "1.30 loaded ai.onnx.ml and text, and refused maps (2026-11)"
    ),
)
