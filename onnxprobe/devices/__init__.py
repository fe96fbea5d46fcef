"""What a model can be run on, by the names that users give it."""

from typing import Final

from onnxprobe.devices._base import Device, Kind
from onnxprobe.devices.cpu import CPU
from onnxprobe.devices.cuda import CUDA
from onnxprobe.devices.tensorrt import TENSORRT
from onnxprobe.errors import DeviceError
from onnxprobe.registry import Registry

KINDS: Final = Registry("device", [CPU, CUDA, TENSORRT])
PRECISIONS: Final = ("float32", "float16")
"""What a network computes in."""
ON_CPU: Final = Device(CPU)


def devices_of(text: str, precision: str = "float32") -> tuple[Device, ...]:
    """Read ``cpu``, ``cuda``, ``cuda:1``, ``tensorrt``, or several with commas between them.

    Where several work on one store they must be of one kind, for results differ in the last bits.

    >>> [str(device) for device in devices_of("cuda:0,cuda:1")]
    ['cuda:0', 'cuda:1']

    Raises:
        NoSuchNameError: there is no such kind of device.
        DeviceError: a number is none, a GPU is named twice, kinds differ, or there is no such
            precision.
    """
    if precision not in PRECISIONS:
        raise DeviceError(f"a network computes in {' or '.join(PRECISIONS)}, not in {precision!r}")
    found = tuple(_device(word.strip(), precision) for word in text.split(","))
    if len({device.kind.name for device in found}) > 1:
        raise DeviceError(
            f"devices of one kind work together, not {text!r}: their results differ in the last bits"
        )
    if found[0].kind.several and len(set(found)) < len(found):
        raise DeviceError(f"{text!r} names a device twice")
    return found


def _device(word: str, precision: str) -> Device:
    name, colon, number = word.partition(":")
    kind = KINDS[name]
    if colon and not (kind.several and number.isdecimal()):
        wanted = f"{name}:0" if kind.several else name
        raise DeviceError(f"{word!r} is no device; say {wanted!r}, for instance")
    return Device(kind, int(number or 0), precision)


__all__ = ["KINDS", "ON_CPU", "PRECISIONS", "Device", "Kind", "devices_of"]
