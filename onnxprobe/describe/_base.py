"""What an attribute is, and what it is read from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.images.decode import Decoded, decode

Value = float | str | None
"""A number, a category, or nothing where the picture does not say."""
SIDE: Final = 256
"""Pixels of the shorter side that a picture is scaled to, where it is larger, before pixels count:
sharpness and contrast of pictures of several sizes can be compared then."""


@dataclass(frozen=True)
class Seen:
    """One picture, as it is looked at.

    Attributes:
        name: in its source.
        data: the bytes of its file.
    """

    name: str
    data: bytes

    @cached_property
    def decoded(self) -> Decoded:
        """The picture, upright; large ones may come smaller than they are."""
        return decode(self.data, need=_needed)

    @cached_property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The picture, its shorter side ``SIDE`` at most; uint8 RGB ``(h, w, 3)``."""
        pixels = self.decoded.pixels
        if pixels is None or min(pixels.shape[:2]) <= SIDE:
            return pixels
        scale = SIDE / min(pixels.shape[:2])
        size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)

    @cached_property
    def luma(self) -> NDArray[np.float32] | None:
        """Brightness of each pixel, 0 to 255, ``(h, w)`` (ITU-R BT.601)."""
        if self.pixels is None:
            return None
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.float32)


def _needed(height: int, width: int) -> tuple[int, int]:
    """Say how large a JPEG has to be decoded."""
    scale = min(1.0, SIDE / min(height, width))
    return int(np.ceil(height * scale)), int(np.ceil(width * scale))


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that can be told of a picture.

    Attributes:
        name: what people call it.
        about: what is measured, and its unit.
        of: tells it of a picture.
        low: what a domain with little of it is; empty for a category.
        high: what a domain with much of it is; empty for a category.
    """

    name: str
    about: str
    of: Callable[[Seen], Value]
    low: str = ""
    high: str = ""
