"""Pictures that show the same and look a little different."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.images import MAX_PIXELS, Preprocess, Source
from onnxprobe.images.decode import MIN_SIDE
from onnxprobe.images.names import to_bytes

_KEPT: Final = (0.7, 0.95)
"""Share of each side that the crop keeps."""
_BRIGHTNESS: Final = (0.7, 1.3)
"""What the pixels are multiplied by."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Augmented:
    """A source whose pictures are flipped or not, cropped a little, made lighter or darker.

    What becomes of a picture depends on its name and the seed alone. A file that cannot be decoded
    is given as it is, so that its fate is the same.

    Attributes:
        plain: the pictures as they are.
        preprocess: how they are decoded.
        seed: of the changes.
    """

    plain: Source
    preprocess: Preprocess
    seed: int = 0

    @property
    def kind(self) -> str:
        """What users call this kind of source."""
        return self.plain.kind

    @property
    def path(self) -> Path | str:
        """Where it lies."""
        return self.plain.path

    @property
    def names(self) -> Sequence[str]:
        """The names of the plain pictures."""
        return self.plain.names

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the changed picture as PNG.

        Raises:
            OSError: the plain one cannot be read, or has more than ``most`` bytes.
        """
        data = self.plain.read(name, most)
        pixels = self.preprocess.decode(data, max_pixels=MAX_PIXELS).pixels
        if pixels is None:
            return data
        key = blake2b(to_bytes(name), digest_size=8, key=str(self.seed).encode()).digest()
        changed = augmented(pixels, np.random.default_rng(int.from_bytes(key)))
        fast = (cv2.IMWRITE_PNG_COMPRESSION, 1)
        return bytes(cv2.imencode(".png", cv2.cvtColor(changed, cv2.COLOR_RGB2BGR), fast)[1])


def augmented(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return ``pixels`` ``(h, w, 3)`` cropped, brightened and half of the time flipped."""
    share = rng.uniform(*_KEPT)
    height, width = (max(min(MIN_SIDE, side), round(share * side)) for side in pixels.shape[:2])
    top = rng.integers(pixels.shape[0] - height + 1)
    left = rng.integers(pixels.shape[1] - width + 1)
    inner = pixels[top : top + height, left : left + width]
    if rng.random() < 0.5:  # noqa: PLR2004  half of the time
        inner = inner[:, ::-1]
    lit = inner.astype(np.float32) * np.float32(rng.uniform(*_BRIGHTNESS))
    changed: Pixels = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
    return changed
