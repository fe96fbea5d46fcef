"""How a picture of any shape fills a canvas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.registry import Registry

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, slots=True)
class Resize:
    """A named rule: to which size a picture is scaled before it is centred on the canvas.

    Attributes:
        name: what users call it.
        scaled: from the size of the picture and of the canvas to the size to scale it to.
    """

    name: str
    scaled: Callable[[Size, Size], Size]


def _stretch(_: Size, canvas: Size) -> Size:
    return canvas


def _cover(picture: Size, canvas: Size) -> Size:
    return _times(picture, max(c / p for c, p in zip(canvas, picture, strict=True)))


def _fit_inside(picture: Size, canvas: Size) -> Size:
    return _times(picture, min(c / p for c, p in zip(canvas, picture, strict=True)))


def _times(picture: Size, factor: float) -> Size:
    height, width = (max(1, int(side * factor + 0.5)) for side in picture)
    return height, width


RESIZES: Final = Registry(
    "resize mode",
    [
        Resize("stretch", _stretch),
        Resize("shortest", _cover),
        Resize("letterbox", _fit_inside),
    ],
)


def centred(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Cut ``pixels`` ``(h, w, c)`` to ``size`` around the centre; what is missing is black."""
    if pixels.shape[:2] == size:
        return pixels
    (h, w), (height, width) = pixels.shape[:2], size
    top, left = max(0, (h - height) // 2), max(0, (w - width) // 2)
    pixels = pixels[top : top + height, left : left + width]
    h, w = pixels.shape[:2]
    if (h, w) == size:
        return pixels
    canvas = np.zeros((height, width, *pixels.shape[2:]), np.uint8)
    top, left = (height - h) // 2, (width - w) // 2
    canvas[top : top + h, left : left + w] = pixels
    return canvas
