"""A run folder as it is read again: its public files, nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from onnxprobe.errors import StoreError, quoted
from onnxprobe.images.names import from_bytes

COLUMNS: Final = ("path", "domains", "domain", "x", "y", "split", "predicted", "confidence")


@dataclass(frozen=True, eq=False)
class Lists:
    """A short list of ids per row, kept flat.

    Attributes:
        lengths: ids of each row, int64 ``(n,)``.
        ids: all ids in row order, int64 ``(sum of lengths,)``.
    """

    lengths: np.ndarray
    ids: np.ndarray

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Self:
        """Read a ``list<int>`` column; null is an empty list, and ids below 0 are none."""
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        ids = pc.fill_null(pc.list_flatten(column), -1).to_numpy().astype(np.int64)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        return cls(np.bincount(rows[ids >= 0], minlength=len(lengths)), ids[ids >= 0])

    def __getitem__(self, row: int) -> np.ndarray:
        start = int(self.lengths[:row].sum())
        return self.ids[start : start + int(self.lengths[row])]

    @property
    def rows(self) -> np.ndarray:
        """The row that each entry of ``ids`` belongs to."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def having(self, which: int) -> np.ndarray:
        """Say of each row whether ``which`` is in its list, bool ``(n,)``."""
        found = np.zeros(len(self.lengths), bool)
        found[self.rows[self.ids == which]] = True
        return found

    def dense(self, count: int) -> np.ndarray:
        """Say of each row which of the ids 0 to ``count`` − 1 are in its list, bool ``(n, count)``."""
        found = np.zeros((len(self.lengths), count), bool)
        found[self.rows[self.ids < count], self.ids[self.ids < count]] = True
        return found

    def take(self, order: np.ndarray) -> "Lists":
        """Pick rows, in the order given."""
        lengths = self.lengths[order]
        starts = (np.cumsum(self.lengths) - self.lengths)[order]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Lists(lengths, self.ids[np.repeat(starts, lengths) + within])


@dataclass(frozen=True, eq=False)
class Groups:
    """``groups.parquet`` as arrays, a row per picture, ``n`` rows.

    Attributes:
        path: names as the source of the pictures knows them; a column of bytes is read as well.
        domains: ids of the domains each picture belongs to.
        domain: the most stable of those, -1 for none, int64 ``(n,)``.
        x: layout, float64 ``(n,)``, NaN where a picture has no place.
        y: layout, as ``x``.
        split: which part of the data it was in, such as ``train``.
        predicted: ids the head answers with.
        confidence: the head's confidence in its best answer, 0 to 1 or NaN, float64 ``(n,)``.
    """

    path: tuple[str, ...]
    domains: Lists
    domain: np.ndarray
    x: np.ndarray
    y: np.ndarray
    split: tuple[str, ...]
    predicted: Lists
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.path)

    @property
    def covered(self) -> float:
        """Share of the pictures that are in at least one domain, 0 to 1."""
        return float((self.domains.lengths > 0).mean()) if len(self) else 0.0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            StoreError: If it is not a Parquet file, or columns are missing.
        """
        try:
            table = pq.read_table(path, columns=None)
        except (pa.ArrowInvalid, OSError) as error:
            raise StoreError(f"'{path}' cannot be read as Parquet: {error}") from error
        missing = [name for name in COLUMNS if name not in table.column_names]
        if missing:
            raise StoreError(
                f"'{path}' has no column {quoted(missing)}; "
                "it should be the groups.parquet that run-recipe writes"
            )
        return cls(
            path=tuple(map(_name, table["path"].to_pylist())),
            domains=Lists.of(table["domains"]),
            domain=pc.fill_null(table["domain"], -1).to_numpy().astype(np.int64),
            x=_floats(table["x"]),
            y=_floats(table["y"]),
            split=tuple(str(part or "") for part in table["split"].to_pylist()),
            predicted=Lists.of(table["predicted"]),
            confidence=_floats(table["confidence"]),
        )


@dataclass(frozen=True, eq=False)
class RunFolder:
    """The public files of a run.

    Attributes:
        run: ``run.json``.
        proof: ``proof.json``; None where there is none.
        groups: ``groups.parquet``.
        files: names of all files in the folder, sorted.
    """

    run: Mapping[str, Any]
    proof: Mapping[str, Any] | None
    groups: Groups
    files: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder that ``run-recipe`` wrote.

        Raises:
            StoreError: If it is not such a folder, or a file in it is broken.
        """
        for name in ("run.json", "groups.parquet"):
            if not (folder / name).is_file():
                raise StoreError(
                    f"'{folder}' is not a finished run: there is no '{name}' in it; "
                    "name the folder given to run-recipe as --out"
                )
        proof = folder / "proof.json"
        return cls(
            run=_json(folder / "run.json"),
            proof=_json(proof) if proof.is_file() else None,
            groups=Groups.read(folder / "groups.parquet"),
            files=tuple(sorted(path.name for path in folder.iterdir() if path.is_file())),
        )

    def with_facts(self, *names: str) -> Self:
        """Return the same, of which ``run.json`` says what is needed.

        Raises:
            StoreError: it does not.
        """
        missing = [name for name in names if name not in self.run]
        if missing:
            raise StoreError(
                f"'run.json' says nothing of {quoted(missing)}; run the recipe again to write it anew"
            )
        return self


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise StoreError(f"'{path}' cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise StoreError(f"'{path}' should hold an object but holds {type(value).__name__}")
    return value


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(), np.float64)


def _name(name: object) -> str:
    return from_bytes(name) if isinstance(name, bytes) else str(name)
