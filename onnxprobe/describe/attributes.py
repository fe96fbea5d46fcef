"""The free attributes of a picture: what a look at the file tells without any model."""

from typing import Final

from onnxprobe.describe._base import Attribute, Seen, Value
from onnxprobe.describe.header import BYTES, CAMERA, FOLDER, FORMAT, JPEG_QUALITY, YEAR
from onnxprobe.describe.pixels import BRIGHTNESS, CONTRAST, GREY, SATURATION, SHARPNESS
from onnxprobe.describe.size import ASPECT, PIXELS
from onnxprobe.registry import Registry

ATTRIBUTES: Final = Registry(
    "attribute",
    [
        FOLDER,
        FORMAT,
        PIXELS,
        ASPECT,
        BYTES,
        BRIGHTNESS,
        CONTRAST,
        SHARPNESS,
        SATURATION,
        GREY,
        JPEG_QUALITY,
        CAMERA,
        YEAR,
    ],
)

__all__ = ["ATTRIBUTES", "Attribute", "Seen", "Value"]
