"""Turn pictures upright as their EXIF orientation says (CIPA DC-008, tag 0x0112)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS: Final = ("exif", "stored")
_TRANSPOSED: Final = frozenset({5, 6, 7, 8})
_ROWS_REVERSED: Final = frozenset({3, 4, 7, 8})
_COLUMNS_REVERSED: Final = frozenset({2, 3, 6, 7})


def sideways(orientation: int) -> bool:
    """Whether width and height change places."""
    return orientation in _TRANSPOSED


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return ``pixels`` ``(h, w, c)`` turned and mirrored so that ``orientation`` becomes 1."""
    if orientation in _TRANSPOSED:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in _ROWS_REVERSED:
        pixels = pixels[::-1]
    if orientation in _COLUMNS_REVERSED:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
