"""In which order pictures are embedded, so that the first of them are a fair sample."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import PicturesError
from onnxprobe.images.names import to_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """All pictures of a source, shuffled.

    Attributes:
        names: in the order in which they are embedded.
        ids: place of each among the sorted names, int64 ``(n,)``.
        digest: of all names; two manifests with one digest list the same pictures.
    """

    names: tuple[str, ...] = field(repr=False)
    ids: NDArray[np.int64] = field(repr=False)
    digest: str


def manifest(names: Sequence[str], *, seed: int) -> Manifest:
    """Shuffle ``names``, which are sorted, by ``seed``.

    The order is that of a keyed hash of each name. It depends on nothing but the names and the
    seed: neither on the version of a random generator, nor, for two names, on what else is there.
    """
    key, marks = str(seed).encode(), bytearray()
    for name in names:
        marks += blake2b(to_bytes(name), digest_size=8, key=key).digest()
    order = np.argsort(np.frombuffer(marks, ">u8"), kind="stable")
    shuffled = tuple(map(names.__getitem__, order))
    return Manifest(shuffled, order, digest_of(names))


def in_order(names: Sequence[str]) -> Manifest:
    """Return the pictures in the order of their names, in which archives and disks are read best."""
    return Manifest(tuple(names), np.arange(len(names), dtype=np.int64), digest_of(names))


def digest_of(names: Sequence[str]) -> str:
    """Return the digest of ``names``, which are sorted; that of others is another one."""
    every = blake2b(digest_size=16)
    for name in names:
        every.update(to_bytes(name) + b"\0")
    return every.hexdigest()


def sample_rows(total: int, sample: float | None) -> int:
    """Return how many of ``total`` pictures ``sample`` stands for.

    A ``float`` is a share, above 0 and at most 1; an ``int`` a count, of which at most all are
    taken; ``None`` is all.

    Raises:
        PicturesError: it is neither.
    """
    if sample is None:
        return total
    if isinstance(sample, int) and not isinstance(sample, bool) and sample > 0:
        return min(total, sample)
    if isinstance(sample, float) and 0 < sample <= 1:
        return max(1, int(total * sample + 0.5))
    raise PicturesError(
        f"a sample is a share above 0 and at most 1, such as 0.02, or a count, not {sample!r}"
    )
