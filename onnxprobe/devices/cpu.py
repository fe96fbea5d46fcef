"""The cores of this machine."""

from typing import Final

from onnxprobe.devices._base import Kind, Provider


def _providers(_number: int, _precision: str) -> tuple[Provider, ...]:
    return (("CPUExecutionProvider", {}),)


CPU: Final = Kind(
    "cpu",
    "CPUExecutionProvider",
    _providers,
    several=False,
    converts=True,
    memory="cpu",
    needs="pip install 'onnxprobe[cpu]'",
)
