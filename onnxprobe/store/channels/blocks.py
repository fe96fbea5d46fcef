"""Where merged stretches are kept: a file for each block of 1, 2, 4, 8, … shards.

Sums of floating-point numbers depend on their order. So that a store that was killed, grown, or made
by several processes says the same, bit for bit, shards are always merged in the same binary tree,
whoever does it and when: block ``(level, place)`` holds the shards from ``place * 2**level`` on.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py

from onnxprobe.store.channels.channels import Channels
from onnxprobe.store.checksum import checksum
from onnxprobe.store.disk import put

Views = tuple[Channels, ...]
"""One a probe."""


class Block(NamedTuple):
    """``2**level`` shards.

    Attributes:
        level: 0 or more.
        place: among the blocks of this level.
    """

    level: int
    place: int

    @property
    def start(self) -> int:
        """Its first shard."""
        return self.place << self.level

    @property
    def stop(self) -> int:
        """The shard after its last."""
        return (self.place + 1) << self.level

    @property
    def parent(self) -> "Block":
        """The block that this one is half of."""
        return Block(self.level + 1, self.place // 2)

    @property
    def halves(self) -> tuple["Block", "Block"]:
        """The two blocks that this one is made of."""
        return Block(self.level - 1, 2 * self.place), Block(self.level - 1, 2 * self.place + 1)

    def holds(self, shard: int) -> bool:
        """Tell whether a shard is one of these."""
        return self.start <= shard < self.stop

    @classmethod
    def named(cls, name: str) -> "Block":
        """Return the block whose file is called ``name``."""
        _, level, place = name.removesuffix(".h5").split("-")
        return cls(int(level), int(place))

    @property
    def name(self) -> str:
        """Of its file."""
        return f"channels-{self.level:02d}-{self.place:08d}.h5"


def covering(shards: int) -> Iterator[Block]:
    """Yield the fewest blocks that hold the first ``shards``, in order.

    >>> [(block.start, block.stop) for block in covering(13)]
    [(0, 8), (8, 12), (12, 13)]
    """
    start = 0
    while start < shards:
        level = (shards - start).bit_length() - 1
        yield Block(level, start >> level)
        start += 1 << level


def merged(first: Views, later: Views) -> Views:
    """Return what both stretches say together, probe by probe."""
    return tuple(a.merged(b) for a, b in zip(first, later, strict=True))


def write(views: Views, path: Path) -> None:
    """Write ``views`` to ``path``, whole or not at all; the same give the same bytes.

    Raises:
        StoreError: it cannot be written.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i, view in enumerate(views):
            for name, values in view.arrays().items():
                file.create_dataset(f"{i}/{name}", data=values)
        file.attrs["checksum"] = _checksum(views)
    put(buffer.getvalue(), path)


def read(path: Path) -> Views | None:
    """Return what is at ``path``; ``None`` where nothing is, or not what was written."""
    try:
        with h5py.File(path, "r") as file:
            views = tuple(
                Channels.read({name: values[...] for name, values in file[str(i)].items()})
                for i in range(len(file))
            )
            return views if file.attrs["checksum"] == _checksum(views) else None
    except (OSError, KeyError, ValueError, RuntimeError):
        return None


def _checksum(views: Sequence[Channels]) -> str:
    return checksum(item for view in views for item in view.arrays().items())
