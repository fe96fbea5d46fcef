"""Batches gathered into shards, which one thread writes while the next are made."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from onnxprobe.embed.stream import Batch
from onnxprobe.images import Status
from onnxprobe.store.channels.tree import Tree
from onnxprobe.store.header import Header
from onnxprobe.store.ledger import Ledger, Outcome
from onnxprobe.store.manifest import Manifest
from onnxprobe.store.resume import Found, shard_name
from onnxprobe.store.shard import Extent, Shard, write
from onnxprobe.store.top import folder_of

SECONDS_AT_RISK: Final = 60.0
"""After how long an unfinished shard is written as far as it is: what a kill can cost."""


class Growing:
    """A shard while it is made: what was kept of it, what follows, what was tried again.

    Attributes:
        number: of the shard.
    """

    def __init__(self, number: int, kept: Shard | None) -> None:
        self.number, self._kept = number, kept
        self._after: tuple[Shard, ...] = ()
        self._again: tuple[Shard, ...] = ()

    def add(self, piece: Shard) -> None:
        """Take the rows of one batch."""
        if self._kept is not None and piece.start < self._kept.start + len(self._kept.ledger):
            self._again += (piece,)
        else:
            self._after += (piece,)

    def whole(self) -> Shard:
        """Return the shard as far as it is."""
        kept = () if self._kept is None else (self._kept.mended(self._again),)
        return Shard.joined((*kept, *self._after))


class Writer:
    """Takes batches in order and leaves shards; a context that ends by writing what it holds.

    Attributes:
        extents: of every shard that is on disk, by its number.
        seconds: spent on writing so far.
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
        self.seconds = 0.0
        self._folder, self._header = folder_of(path), header
        self._order, self._found, self._tree = order, found, tree
        self._nothing = tuple(np.empty((0, width), header.dtype) for width in widths)
        self._growing: Growing | None = None
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
        if self._growing is None or self._growing.number != number:
            self._write()
            self._growing = Growing(number, self._found.begun.get(number))
        self._growing.add(self._piece(batch, stop))
        if stop == (number + 1) * size:
            self._write()
            self._growing = None
        elif monotonic() - self._written > SECONDS_AT_RISK:
            self._write(last=False)

    def _piece(self, batch: Batch, stop: int) -> Shard:
        ids, names = self._order.ids[batch.start : stop], self._order.names[batch.start : stop]
        outcomes, kept = batch.outcomes, batch.kept
        vectors: tuple[NDArray[Any], ...] = self._nothing
        if kept.size:
            outputs = (batch.outputs[probe] for probe in self._header.probes)
            vectors = tuple(_stored(output, self._header.dtype) for output in outputs)
            fits = np.all([np.isfinite(v).all(axis=1) for v in vectors], axis=0)
            if not fits.all():
                outcomes = _beyond(outcomes, kept[~fits], self._header.dtype)
                kept, vectors = kept[fits], tuple(v[fits] for v in vectors)
        ledger = Ledger.of(ids, names, outcomes)
        return Shard(batch.start, ledger, batch.start + kept, vectors)

    def _write(self, *, last: bool = True) -> None:
        self._wait()
        if self._growing is not None:
            self._writing = self._pool.submit(self._put, self._growing, last=last)
            self._written = monotonic()

    def _put(self, growing: Growing, *, last: bool) -> None:
        began, shard, number = perf_counter(), growing.whole(), growing.number
        path, full = self._folder / shard_name(number), len(shard.ledger) == self._header.shard_rows
        if self._tree is not None and full:
            self._tree.forget(number)
        write(shard, path)
        if self._tree is not None and full and last:
            self._tree.add(number, shard)
        self.extents[number] = Extent.of(shard, path)
        self.seconds += perf_counter() - began

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


def _stored(vectors: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return vectors as they are stored; what is beyond the type is an infinity."""
    with np.errstate(over="ignore"):
        return vectors.astype(dtype, copy=False)


def _beyond(
    outcomes: Sequence[Outcome], places: NDArray[np.int64], dtype: str
) -> tuple[Outcome, ...]:
    """Say of the pictures at ``places`` that their vectors do not fit."""
    why = f"its embedding is beyond {dtype}, which ends at {np.finfo(dtype).max:g}"
    changed = list(outcomes)
    for place in places.tolist():
        changed[place] = replace(changed[place], status=Status.NOT_FINITE, error=why)
    return tuple(changed)
