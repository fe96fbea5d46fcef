"""Batches gathered into shards, which one thread writes while the next are made."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Final, Self

import numpy as np

from onnxprobe.embed.channels.tree import Tree
from onnxprobe.embed.header import Header
from onnxprobe.embed.ledger import Ledger
from onnxprobe.embed.manifest import Manifest
from onnxprobe.embed.resume import Found, shard_name
from onnxprobe.embed.shard import VECTORS, Extent, Shard, write
from onnxprobe.embed.stream import Batch
from onnxprobe.embed.top import folder_of

SECONDS_AT_RISK: Final = 60.0
"""After how long an unfinished shard is written as far as it is: what a kill can cost."""


class Writer:
    """Takes batches in order and leaves shards; a context that ends by writing what it holds.

    Attributes:
        extents: of every shard that is on disk, by its number.
    """

    def __init__(  # noqa: PLR0913
        self,
        path: Path,
        header: Header,
        *,
        order: Manifest,
        found: Found,
        widths: Sequence[int],
        tree: Tree | None = None,
    ) -> None:
        """Go on from what is ``found`` in the store at ``path``; ``tree`` is shown full shards."""
        self.extents = dict(found.extents)
        self._folder, self._header = folder_of(path), header
        self._order, self._found, self._tree = order, found, tree
        self._nothing = tuple(np.empty((0, width), VECTORS) for width in widths)
        self._pieces: list[Shard] = []
        self._pool = ThreadPoolExecutor(1, "write")
        self._writing: Future[None] | None = None
        self._written = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._pool:
            self._write()
            self._wait()

    def add(self, batch: Batch) -> None:
        """Take the next batch; a full shard is written in the background.

        Raises:
            StoreError: a shard could not be written.
        """
        size = self._header.shard_rows
        number, stop = batch.start // size, batch.start + len(batch.outcomes)
        if not self._pieces and number in self._found.begun:
            self._pieces.append(self._found.begun[number])
        self._pieces.append(self._piece(batch, stop))
        if stop == (number + 1) * size:
            self._write()
            self._pieces = []
        elif monotonic() - self._written > SECONDS_AT_RISK:
            self._write()

    def _piece(self, batch: Batch, stop: int) -> Shard:
        ids, names = self._order.ids[batch.start : stop], self._order.names[batch.start : stop]
        vectors = tuple(
            batch.outputs[probe].astype(VECTORS, copy=False) if batch.kept.size else nothing
            for probe, nothing in zip(self._header.probes, self._nothing, strict=True)
        )
        ledger = Ledger.of(ids, names, batch.outcomes)
        return Shard(batch.start, ledger, batch.start + batch.kept, vectors)

    def _write(self) -> None:
        self._wait()
        if self._pieces:
            self._writing = self._pool.submit(self._put, tuple(self._pieces))
            self._written = monotonic()

    def _put(self, pieces: Sequence[Shard]) -> None:
        shard, number = Shard.joined(pieces), pieces[0].start // self._header.shard_rows
        path = self._folder / shard_name(number)
        if self._tree is None or len(shard.ledger) < self._header.shard_rows:
            write(shard, path)
        else:
            self._tree.forget(number)
            write(shard, path)
            self._tree.add(number, shard)
        self.extents[number] = Extent.of(shard, path)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None
