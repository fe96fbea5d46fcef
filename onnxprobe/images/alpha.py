"""What shines through transparent pixels."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import NoSuchNameError

ALPHAS: Final = {"white": 255, "black": 0, "ignore": None}
"""Names to the background; with ``ignore`` the colour under a transparent pixel is shown."""
_CHANNELS_WITH_ALPHA: Final = 4


def composite(
    raw: NDArray[np.uint8], alpha: str, *, premultiplied: bool = False
) -> NDArray[np.uint8]:
    """Return RGB ``(h, w, 3)`` for what OpenCV decoded: grey ``(h, w)``, BGR or BGRA.

    ``out = (colour × a + background × (255 − a)) / 255``, rounded; exact in whole numbers
    (Porter & Duff 1984, *over*).

    Args:
        raw: the decoded picture.
        alpha: one of ``ALPHAS``.
        premultiplied: whether the colours are multiplied with their alpha already.

    Raises:
        NoSuchNameError: ``alpha`` is not one of ``ALPHAS``.
    """
    if alpha not in ALPHAS:
        raise NoSuchNameError("alpha", alpha, ALPHAS)
    if raw.ndim == 2:  # noqa: PLR2004
        return np.asarray(cv2.cvtColor(raw, cv2.COLOR_GRAY2RGB))
    if raw.shape[2] != _CHANNELS_WITH_ALPHA:
        return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB))
    rgb = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGRA2RGB))
    background, opacity = ALPHAS[alpha], raw[:, :, 3:]
    if background is None or opacity.min(initial=255) == 255:  # noqa: PLR2004
        return rgb
    a = opacity.astype(np.uint32)
    colour = rgb.astype(np.uint32) * (255 if premultiplied else a)
    return ((colour + background * (255 - a) + 127) // 255).clip(max=255).astype(np.uint8)
