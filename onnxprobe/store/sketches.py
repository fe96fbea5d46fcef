"""Vectors in 128 bytes each, from which their angles can be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

BITS: Final = 1024
"""Planes; whether a vector lies above each is a bit of its sketch."""
_SPREADS: Final = 5
"""Standard deviations by which a pair may seem further apart than it is: one in three million."""
_ONES: Final = np.array([byte.bit_count() for byte in range(256)], np.uint8)

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """Bits that say on which side of random planes each vector lies.

    The share of planes between two vectors is their angle over π (Charikar 2002, "Similarity
    estimation techniques from rounding algorithms").

    Attributes:
        packed: ``BITS`` bits for each vector, uint8 ``(n, BITS / 8)``.
    """

    packed: NDArray[np.uint8]

    @classmethod
    def of(cls, blocks: Iterable[NDArray[np.float32]], width: int, *, seed: int) -> Self:
        """Sketch vectors that come in blocks ``(m, width)``."""
        rng = np.random.default_rng(seed)
        planes = rng.standard_normal((width, BITS), np.float32)
        packed = [np.packbits(block @ planes > 0, axis=1) for block in blocks]
        return cls(np.concatenate(packed) if packed else np.empty((0, BITS // 8), np.uint8))

    def __len__(self) -> int:
        return len(self.packed)

    def signature(self, bits: Rows) -> Rows:
        """Return the chosen ``bits`` of each sketch as one number, int64 ``(n,)``."""
        found = np.zeros(len(self), np.int64)
        for bit in bits.tolist():
            found = found << 1 | (self.packed[:, bit // 8] >> (7 - bit % 8)) & 1
        return found

    def near(self, one: Rows, other: Rows, similarity: float) -> NDArray[np.bool_]:
        """Return of each pair whether its cosine may be ``similarity`` or more, bool ``(m,)``."""
        share = np.arccos(similarity) / np.pi
        most = BITS * share + _SPREADS * np.sqrt(BITS * share * (1 - share))
        apart = _ONES[self.packed[one] ^ self.packed[other]].sum(axis=1, dtype=np.int64)
        found: NDArray[np.bool_] = apart <= most
        return found
