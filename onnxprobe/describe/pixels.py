"""What the pixels of a picture add up to."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.describe._base import Attribute, Seen, Value

_SAME: Final = 8
"""Levels by which the channels of a grey pixel may differ: JPEG does not keep them closer."""
_GREY: Final = 0.99
"""Share of the pixels of a grey picture that are grey."""


def _brightness(seen: Seen) -> Value:
    return None if seen.luma is None else float(seen.luma.mean())


def _contrast(seen: Seen) -> Value:
    return None if seen.luma is None else float(seen.luma.std())


def _sharpness(seen: Seen) -> Value:
    return None if seen.luma is None else float(cv2.Laplacian(seen.luma, cv2.CV_32F).var())


def _saturation(seen: Seen) -> Value:
    return None if seen.pixels is None else float(_range(seen.pixels).mean())


def _grey(seen: Seen) -> Value:
    if seen.pixels is None:
        return None
    return "grey" if (_range(seen.pixels) <= _SAME).mean() >= _GREY else "coloured"


def _range(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return for each pixel how far its channels lie apart."""
    wide = pixels.astype(np.int16)
    return np.asarray(wide.max(axis=2) - wide.min(axis=2))


BRIGHTNESS = Attribute("brightness", "mean luma, 0 to 255", _brightness, "dark", "bright")
CONTRAST = Attribute("contrast", "standard deviation of luma", _contrast, "flat", "contrasty")
SHARPNESS = Attribute(
    "sharpness",
    "variance of the Laplacian (Pech-Pacheco et al. 2000), shorter side 256 at most",
    _sharpness,
    "blurred",
    "sharp",
)
SATURATION = Attribute(
    "saturation", "mean of largest − smallest channel, 0 to 255", _saturation, "pale", "colourful"
)
GREY = Attribute("colour", "whether the picture has any", _grey)
