"""The tree of blocks of one store, grown while its shards are made."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from onnxprobe.store.channels.blocks import Block, Views, covering, merged, read, write
from onnxprobe.store.channels.channels import Channels
from onnxprobe.store.resume import shard_name
from onnxprobe.store.shard import Shard
from onnxprobe.store.shard import read as read_shard

_KEPT: Final = 3
"""Level from which on a block is written at once: of fewer shards than 8 a kill costs little, for
they can be looked at again."""


class Tree:
    """Takes full shards in any order, and gives the blocks that hold the first of them.

    Attributes:
        folder: of the shards; the files of blocks lie beside them.
    """

    def __init__(self, folder: Path, look: Callable[[int], Views] | None = None) -> None:
        """Go on from the files in ``folder``.

        Args:
            folder: of the shards.
            look: gives what a shard is like that was not handed in; by default its file is read.
        """
        self.folder = folder
        self._look = look or partial(_read, folder)
        self._held: dict[Block, Views] = {}

    def forget(self, number: int) -> None:
        """Drop what says something of a shard that is about to be made again."""
        for file in self.folder.glob("channels-*.h5"):
            if Block.named(file.name).holds(number):
                file.unlink(missing_ok=True)

    def add(self, number: int, shard: Shard) -> None:
        """Take a full shard, and merge what it completes."""
        block, views = Block(0, number), looked_at(shard)
        while True:
            self._held[block] = views
            if block.level >= _KEPT:
                write(views, self.folder / block.name)
            first, later = block.parent.halves
            if first not in self._held or later not in self._held:
                return
            views = merged(self._held.pop(first), self._held.pop(later))
            block = block.parent

    def close(self, shards: int) -> None:
        """Leave the files of the blocks that hold the first ``shards``, and no others.

        Raises:
            StoreError: one cannot be written.
        """
        wanted = {block.name for block in covering(shards)}
        for block in covering(shards):
            path = self.folder / block.name
            if not path.is_file():
                write(self.views(block), path)
        for path in self.folder.glob("channels-*.h5"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def views(self, block: Block) -> Views:
        """Return what a block of full shards is like: from memory, from its file, or anew."""
        found = self._held.get(block) or read(self.folder / block.name)
        if found is not None:
            return found
        if block.level == 0:
            return self._look(block.place)
        first, later = block.halves
        return merged(self.views(first), self.views(later))


def _read(folder: Path, number: int) -> Views:
    return looked_at(read_shard(folder / shard_name(number)))


def looked_at(shard: Shard) -> Views:
    """Return what the vectors of a shard are like, probe by probe.

    Products take one thread: the cores are busy with pictures.
    """
    with threadpool_limits(1):
        return tuple(Channels.of(vectors, shard.rows) for vectors in shard.vectors)
