"""A shard: the rows of one stretch of the manifest, in one HDF5 file that is whole or not there."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from onnxprobe.store.disk import put
from onnxprobe.store.ledger import COLUMNS, Ledger, from_bytes, to_bytes

TEXT: Final = h5py.string_dtype("utf-8")
ROWS: Final = np.dtype("<i8")
LEDGER: Final[dict[str, Any]] = {
    "id": np.dtype("<i8"),
    "path": TEXT,
    "status": np.dtype("S16"),
    "width": np.dtype("<i4"),
    "height": np.dtype("<i4"),
    "size": np.dtype("<i8"),
    "hash": np.dtype("S32"),
    "error": TEXT,
}
"""How each column of the ledger is stored."""


class DamagedShardError(Exception):
    """A shard whose content is not what was written."""


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The rows of one stretch of the manifest.

    Attributes:
        start: row of the manifest where it begins.
        ledger: of every picture of the stretch, ``m`` rows.
        rows: rows of the manifest that have vectors, int64 ``(n,)``, ascending.
        vectors: per probe, float32 or float16 ``(n, d)``.
    """

    start: int
    ledger: Ledger
    rows: NDArray[np.int64]
    vectors: tuple[NDArray[np.floating], ...]

    def first(self, pictures: int) -> "Shard":
        """Return the same stretch, ended after ``pictures``."""
        kept = int(np.searchsorted(self.rows, self.start + pictures))
        vectors = tuple(v[:kept] for v in self.vectors)
        return Shard(self.start, self.ledger[:pictures], self.rows[:kept], vectors)

    def mended(self, parts: Sequence["Shard"]) -> "Shard":
        """Return the same stretch, with what ``parts`` of it say of pictures without vectors."""
        columns = {name: getattr(self.ledger, name).copy() for name in COLUMNS}
        done = np.zeros(len(self.ledger), bool)
        done[self.rows - self.start] = True
        shards = [self]
        for part in parts:
            rows = np.arange(len(part.ledger))
            rows = rows[~done[rows + part.start - self.start]]
            for name, column in columns.items():
                column[rows + part.start - self.start] = getattr(part.ledger, name)[rows]
            shards.append(part.only(rows + part.start))
        rows = np.concatenate([shard.rows for shard in shards])
        order = np.argsort(rows)
        vectors = map(np.concatenate, zip(*(shard.vectors for shard in shards), strict=True))
        return Shard(self.start, Ledger(**columns), rows[order], tuple(v[order] for v in vectors))

    def only(self, rows: NDArray[np.int64]) -> "Shard":
        """Return the same stretch with the vectors of ``rows`` alone."""
        kept = np.isin(self.rows, rows)
        return Shard(self.start, self.ledger, self.rows[kept], tuple(v[kept] for v in self.vectors))

    @classmethod
    def joined(cls, parts: Sequence["Shard"]) -> "Shard":
        """Make one of stretches that follow each other."""
        return cls(
            parts[0].start,
            Ledger.concatenated([part.ledger for part in parts]),
            np.concatenate([part.rows for part in parts]),
            tuple(map(np.concatenate, zip(*(part.vectors for part in parts), strict=True))),
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a shard holds.

    Attributes:
        name: of the file.
        pictures: rows of the ledger.
        widths: length of the vectors of each probe.
        vectors: rows of each probe; not more than ``pictures``.
    """

    name: str
    pictures: int
    vectors: int
    widths: tuple[int, ...]

    @classmethod
    def of(cls, shard: Shard, path: Path) -> "Extent":
        """Measure a shard that lies at ``path``."""
        widths = tuple(v.shape[1] for v in shard.vectors)
        return cls(path.name, len(shard.ledger), len(shard.rows), widths)


def write(shard: Shard, path: Path) -> None:
    """Write ``shard`` to ``path``, whole or not at all; the same rows give the same bytes.

    The file is made in memory first, so that a full disk meets one plain write and not HDF5.

    Raises:
        StoreError: it cannot be written.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, content in _contents(shard):
            file.create_dataset(name, data=content, dtype=_stored_as(name, content))
        file.attrs["start"] = shard.start
        file.attrs["checksum"] = _checksum(shard)
    put(buffer.getvalue(), path)


def read(path: Path) -> Shard:
    """Read the shard at ``path`` and make sure that it is what was written.

    Raises:
        DamagedShardError: it is not.
    """
    try:
        with h5py.File(path, "r") as file:
            ledger = Ledger(*(column(file[f"ledger/{name}"][...], name) for name in COLUMNS))
            count = len(file["embeddings"])
            vectors = tuple(file[f"embeddings/{i}"][...] for i in range(count))
            shard = Shard(int(file.attrs["start"]), ledger, file["rows"][...], vectors)
            if file.attrs["checksum"] == _checksum(shard):
                return shard
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise DamagedShardError(str(error)) from error
    raise DamagedShardError("its checksum is wrong")


def column(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a column of a ledger, as it is on disk, as it is in memory."""
    return values if LEDGER[name].kind == "i" else from_bytes(values.astype(object))


def stored(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a column of a ledger as it is on disk; undoes :func:`column`."""
    kind = LEDGER[name]
    return (values if kind.kind == "i" else to_bytes(values)).astype(kind)


def _contents(shard: Shard) -> Iterator[tuple[str, NDArray[Any]]]:
    for name in COLUMNS:
        yield f"ledger/{name}", stored(getattr(shard.ledger, name), name)
    yield "rows", shard.rows
    for i, vectors in enumerate(shard.vectors):
        yield f"embeddings/{i}", vectors


def _stored_as(name: str, content: NDArray[Any]) -> Any:
    kind, _, inner = name.partition("/")
    vectors = content.dtype.newbyteorder("<")
    return {"ledger": LEDGER.get(inner), "rows": ROWS, "embeddings": vectors}[kind]


def _checksum(shard: Shard) -> str:
    digest = blake2b(digest_size=16)
    for name, content in _contents(shard):
        digest.update(f"{name} {content.shape}".encode())
        if content.dtype == object:
            digest.update(b"\0".join(content))
        else:
            digest.update(np.ascontiguousarray(content, _stored_as(name, content)).data)
    return digest.hexdigest()
