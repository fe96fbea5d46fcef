"""An NVIDIA GPU with TensorRT, which compiles the model when it is loaded (minutes)."""

from typing import Final

from onnxprobe.devices._base import Kind, Provider
from onnxprobe.devices.cuda import CUDA


def _providers(number: int, precision: str) -> tuple[Provider, ...]:
    options = {
        "device_id": str(number),
        "trt_fp16_enable": "1" if precision == "float16" else "0",
    }
    return ("TensorrtExecutionProvider", options), *CUDA.providers(number, precision)


TENSORRT: Final = Kind(
    "tensorrt",
    "TensorrtExecutionProvider",
    _providers,
    several=True,
    converts=False,
    memory="cuda",
    repeats=False,
    # float32 is float32; the provider has no option for it (microsoft/onnxruntime#26029)
    environment={"NVIDIA_TF32_OVERRIDE": "0"},
    needs="an NVIDIA driver, TensorRT, and pip install 'onnxprobe[gpu]' in place of [cpu]",
)
