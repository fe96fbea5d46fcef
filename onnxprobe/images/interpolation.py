"""How a picture becomes smaller or larger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.registry import Registry

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A named way to scale pictures.

    Attributes:
        name: what users call it.
        scale: from a picture ``(h, w, c)`` and a height and width to the scaled picture.
        reducible: whether a JPEG may be decoded at a fraction of its size first.
    """

    name: str
    scale: Callable[[Pixels, tuple[int, int]], Pixels]
    reducible: bool = False


def _by_opencv(method: int) -> Callable[[Pixels, tuple[int, int]], Pixels]:
    def scale(pixels: Pixels, size: tuple[int, int]) -> Pixels:
        if pixels.shape[:2] == size:
            return pixels
        return np.asarray(cv2.resize(pixels, (size[1], size[0]), interpolation=method))

    return scale


_LINEAR: Final = _by_opencv(cv2.INTER_LINEAR)
_AREA: Final = _by_opencv(cv2.INTER_AREA)


def _antialias(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Average whole blocks, as large as fit, and interpolate the rest bilinearly.

    The mip-map of Williams (1983) with whole-number levels: no aliasing to speak of at a third of
    the cost of OpenCV's exact area means. At most ``block − 1`` rows and columns, less than one
    row of the result, are left out at the edges.
    """
    (h, w), (height, width) = pixels.shape[:2], size
    rows, columns = max(1, h // height), max(1, w // width)
    if max(rows, columns) > 1:
        h, w = h // rows, w // columns
        top, left = (pixels.shape[0] - h * rows) // 2, (pixels.shape[1] - w * columns) // 2
        inner = pixels[top : top + h * rows, left : left + w * columns]
        pixels = _AREA(inner, (h, w))
    return _LINEAR(pixels, size)


INTERPOLATIONS: Final = Registry(
    "interpolation",
    [
        Interpolation("antialias", _antialias, reducible=True),
        Interpolation("linear", _LINEAR),
        Interpolation("cubic", _by_opencv(cv2.INTER_CUBIC)),
        Interpolation("area", _AREA),
        Interpolation("nearest", _by_opencv(cv2.INTER_NEAREST)),
    ],
)
