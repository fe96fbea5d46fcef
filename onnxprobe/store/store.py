"""A store of embeddings, opened to be read."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import NoSuchNameError, StoreError
from onnxprobe.images import Status
from onnxprobe.probe import Probe
from onnxprobe.store.header import Header
from onnxprobe.store.ledger import COLUMNS, Ledger, Texts, originals
from onnxprobe.store.shard import column

_SHARDS: Final = 32
"""Shards read at a time: HDF5 takes half a megabyte for each file that is open."""


@dataclass(frozen=True)
class Store:
    """Embeddings of pictures, and what became of each picture.

    Rows are in the order in which pictures were embedded, a seeded permutation, so the first of
    them are a fair sample of all. Nothing is held open; every call reads.

    Attributes:
        path: of the HDF5 file on top.
        header: what the rows were made of.
        pictures: rows of the ledger that this view shows.
    """

    path: Path
    header: Header = field(repr=False)
    pictures: int

    @classmethod
    def open(cls, path: str | Path) -> "Store":
        """Open the store whose top file is at ``path``.

        Raises:
            StoreError: it is no store, or its shards are not beside it.
        """
        path = Path(path)
        if not path.is_file():
            raise StoreError(f"there is no store {str(path)!r}")
        try:
            with h5py.File(path, "r") as file:
                header = Header.from_json(file.attrs["onnxprobe"], path)
                ids = file["ledger/id"]
                pictures = len(ids)
                virtual = ids.virtual_sources() if ids.is_virtual else ()  # not where exported
                parts = {source.file_name for source in virtual}
        except (OSError, KeyError) as error:
            raise StoreError(f"{str(path)!r} is not an embedding store") from error
        gone = sorted(part for part in parts if not (path.parent / part).is_file())
        if gone:
            raise StoreError(
                f"{str(path)!r} needs its shards beside it, but {gone[0]!r} is not there "
                f"({len(gone)} of {len(parts)} are missing)"
            )
        return cls(path, header, pictures)

    def first(self, pictures: int) -> "Store":
        """Return the same store, of which only the first ``pictures`` are seen."""
        return replace(self, pictures=min(pictures, self.pictures))

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Where the model was tapped."""
        return tuple(map(Probe.parse, self.header.probes))

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the ledger that have an embedding, ascending, int64 ``(n,)``."""
        rows = self._read("rows")
        return rows[: np.searchsorted(rows, self.pictures)]

    def __len__(self) -> int:
        """How many pictures have an embedding."""
        return len(self.rows)

    def embeddings(self, probe: Probe | str, rows: slice = slice(None)) -> NDArray[np.float32]:
        """Return the vectors of one probe, float32 ``(n, d)``; of a few ``rows`` where given.

        Raises:
            NoSuchNameError: the store has no such probe.
        """
        if str(probe) not in self.header.probes:
            raise NoSuchNameError("probe in the store", str(probe), self.header.probes)
        chosen = slice(*rows.indices(len(self)))
        name = f"embeddings/{self.header.probes.index(str(probe))}"
        return self._read(name, chosen.start, chosen.stop, np.dtype(np.float32))[:: chosen.step]

    @cached_property
    def ledger(self) -> Ledger:
        """What became of each picture; copies of an earlier one are ``duplicate of`` it.

        A picture takes about a kilobyte of memory; see :meth:`part` for millions.
        """
        return self.part(slice(None))

    def part(self, rows: slice) -> Ledger:
        """Return the rows of the ledger from the start of ``rows`` to its stop."""
        start, stop, _ = rows.indices(self.pictures)
        found = Ledger(*(column(self._raw(name, start, stop), name) for name in COLUMNS))
        copies = np.flatnonzero(self.originals[start:stop] >= 0)
        if not copies.size:
            return found
        known, names = self._copied
        first = np.searchsorted(known, self.originals[start + copies])
        return found.marked(copies, names[first])

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """For each picture the row of an earlier one with the same file, −1 where there is none."""
        return originals(self._raw("status"), self._raw("hash"))

    @cached_property
    def _copied(self) -> tuple[NDArray[np.int64], Texts]:
        """The pictures that others are copies of, and their names."""
        rows = np.unique(self.originals[self.originals >= 0])
        names = [np.empty(0, object)]
        step = _SHARDS * self.header.shard_rows
        for start in range(0, self.pictures, step):
            inside = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + step)]
            if inside.size:
                names.append(self._raw("path", start, start + step)[inside - start])
        return rows, column(np.concatenate(names), "path")

    @cached_property
    def distinct(self) -> NDArray[np.int64]:
        """Which rows of ``embeddings`` belong to pictures that are no copies, int64 ``(m,)``."""
        return np.flatnonzero(self.originals[self.rows] < 0)

    @cached_property
    def paths(self) -> NDArray[np.object_]:
        """Names of the pictures that have an embedding, str ``(n,)``."""
        return column(self._raw("path")[self.rows], "path")

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many pictures have each status, the most frequent first; copies are ok as well."""
        counts = Counter(self.statuses)
        counts[str(Status.OK)] += counts.pop(str(Status.DUPLICATE), 0)
        return dict((+counts).most_common())

    @cached_property
    def statuses(self) -> dict[str, int]:
        """How many pictures have each status, the most frequent first; copies are no ok ones."""
        status = self._raw("status")
        status[self.originals >= 0] = Status.DUPLICATE.encode()
        words, often = np.unique(status, return_counts=True)
        counts = Counter(dict(zip(words.astype(str).tolist(), often.tolist(), strict=True)))
        return dict(counts.most_common())

    def _raw(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return a stretch of a column of the ledger as it is on disk."""
        stop = self.pictures if stop is None else min(stop, self.pictures)
        return self._read(f"ledger/{name}", start, stop)

    def _read(
        self, name: str, start: int = 0, stop: int | None = None, dtype: np.dtype[Any] | None = None
    ) -> NDArray[Any]:
        """Return a stretch of what is called ``name`` in the file, read some shards at a time."""
        with h5py.File(self.path, "r") as file:
            values = file[name]
            stop = len(values) if stop is None else stop
            found: NDArray[Any] = np.empty(
                (max(0, stop - start), *values.shape[1:]), dtype or values.dtype
            )
        step = _SHARDS * self.header.shard_rows
        for first in range(start, stop, step):
            last = min(first + step, stop)
            with h5py.File(self.path, "r") as file:  # anew: it keeps open what it has read
                found[first - start : last - start] = file[name][first:last]
        return found
