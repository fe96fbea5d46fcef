"""Pictures that lie as numbers in one array: which axis is which, and each as a file."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import PicturesError

_COLOURS: Final = (1, 3, 4)
"""Grey, RGB, RGB with opacity."""
_DTYPES: Final = (np.dtype(np.uint8), np.dtype(np.uint16))
PIXELS: Final = "uint8 or uint16 [n, height, width], [n, height, width, channels] or [n, channels, height, width]"
"""What an array of pictures is, for people."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of an array of pictures mean.

    Attributes:
        order: that makes ``(h, w, c)`` of one picture.
    """

    order: tuple[int, ...]

    def encoded(self, picture: NDArray[Any]) -> bytes:
        """Return one picture as the bytes of a file; the pixels stay what they are."""
        pixels = picture.transpose(self.order)
        pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels  # noqa: PLR2004
        if pixels.ndim == 3 and pixels.shape[2] == 4:  # noqa: PLR2004
            bgra = pixels[:, :, (2, 1, 0, 3)].astype(pixels.dtype.newbyteorder("="), order="C")
            return cv2.imencode(".png", bgra, [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
        height, width = pixels.shape[:2]
        kind, most = "P6" if pixels.ndim == 3 else "P5", np.iinfo(pixels.dtype).max  # noqa: PLR2004
        body = pixels.astype(pixels.dtype.newbyteorder(">"), order="C", copy=False).tobytes()
        return f"{kind}\n{width} {height}\n{most}\n".encode() + body


def axes(shape: tuple[int, ...], dtype: Any) -> Axes | None:
    """Return what the axes of an array mean, or ``None`` if it does not hold pictures.

    It holds them as uint8 or uint16 ``(n, h, w)``, ``(n, h, w, c)`` or ``(n, c, h, w)``, with one,
    three or four channels.
    """
    if np.dtype(dtype).newbyteorder("=") not in _DTYPES:
        return None
    if len(shape) == 3 and shape[2] not in _COLOURS:  # noqa: PLR2004
        return Axes((0, 1))
    if len(shape) == 4 and shape[3] in _COLOURS:  # noqa: PLR2004
        return Axes((0, 1, 2))
    if len(shape) == 4 and shape[1] in _COLOURS:  # noqa: PLR2004
        return Axes((1, 2, 0))
    return None


def required(shape: tuple[int, ...], dtype: Any, what: str) -> Axes:
    """Return what the axes mean, as ``axes`` does.

    Raises:
        PicturesError: ``what`` does not hold pictures.
    """
    found = axes(shape, dtype)
    if found is None:
        raise PicturesError(f"{what} is {dtype} {list(shape)}; pictures are {PIXELS}")
    return found
