"""An NVIDIA GPU."""

from typing import Final

from onnxprobe.devices._base import Kind, Provider


def _providers(number: int, _precision: str) -> tuple[Provider, ...]:
    options = {
        "device_id": str(number),
        "use_tf32": "0",  # float32 is float32: TF32 keeps ten bits of the 23
        "cudnn_conv_algo_search": "HEURISTIC",  # the exhaustive search may choose otherwise next time
    }
    return ("CUDAExecutionProvider", options), ("CPUExecutionProvider", {})


CUDA: Final = Kind(
    "cuda",
    "CUDAExecutionProvider",
    _providers,
    several=True,
    converts=True,
    memory="cuda",
    needs="an NVIDIA driver, and pip install 'onnxprobe[gpu]' in place of [cpu]",
)
