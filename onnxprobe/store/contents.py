"""What is in a store, and whether all of it is as it was written."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import StoreError, plural
from onnxprobe.images import Status
from onnxprobe.progress import Progress, silent
from onnxprobe.store.account import Account
from onnxprobe.store.header import Header
from onnxprobe.store.resume import header_of, shard_name
from onnxprobe.store.sessions import sessions
from onnxprobe.store.shard import DamagedShardError, read
from onnxprobe.store.top import folder_of


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """One shard of a store.

    Attributes:
        name: of the file.
        pictures: rows of its ledger.
        vectors: rows of each probe.
        bytes: length of the file.
        problem: what is wrong with it; empty where nothing is known to be.
    """

    name: str
    pictures: int = 0
    vectors: int = 0
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store.

    Attributes:
        path: of the store.
        header: what its rows were made of.
        widths: length of the vectors of each probe; empty where there is no shard yet.
        counts: pictures by what became of them, the most frequent first.
        shards: up to the last one that is there.
        verified: whether every byte was compared with its checksum.
        sessions: what the work was like each time, the last one last.
    """

    path: Path
    header: Header
    widths: tuple[int, ...]
    counts: Mapping[str, int]
    shards: tuple[ShardFacts, ...]
    verified: bool
    sessions: tuple[Account, ...] = ()

    @property
    def pictures(self) -> int:
        """How many pictures it holds so far."""
        return sum(shard.pictures for shard in self.shards)

    @property
    def vectors(self) -> int:
        """How many pictures have an embedding."""
        return sum(shard.vectors for shard in self.shards)

    @property
    def damaged(self) -> tuple[ShardFacts, ...]:
        """The shards that something is wrong with."""
        return tuple(shard for shard in self.shards if shard.problem)

    @property
    def next(self) -> str:
        """What there is to do."""
        again = "give the command that made it again"
        if self.damaged:
            return f"{plural(len(self.damaged), 'shard')} to be made again: {again}"
        if self.pictures < self.header.pictures:
            left = self.header.pictures - self.pictures
            return f"{left:,} of {self.header.pictures:,} pictures are not in it yet: {again}, without --sample"
        return "all pictures are in it"

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        probes = [
            {"probe": probe, "width": width}
            for probe, width in zip(
                self.header.probes, self.widths or [None] * len(self.header.probes), strict=True
            )
        ]
        said: dict[str, Any] = json.loads(self.header.to_json())
        return said | {
            "path": str(self.path),
            "preprocess": json.loads(self.header.preprocess),
            "probes": probes,
            "embedded": {"pictures": self.pictures, "vectors": self.vectors},
            "counts": dict(self.counts),
            "shards": [
                {name: getattr(shard, name) for name in ShardFacts.__slots__}
                for shard in self.shards
            ],
            "verified": self.verified,
            "sessions": [session.to_json() for session in self.sessions],
            "next": self.next,
        }


def contents(path: str | Path, *, verify: bool = False, progress: Progress = silent) -> Contents:
    """Look into the store at ``path``, which may be unfinished or damaged.

    Args:
        path: of the file on top, which itself is not needed.
        verify: whether to compare every shard with its checksum, which reads all of it.
        progress: told how many shards were looked at.

    Raises:
        StoreError: there is no store.
    """
    path = Path(path)
    folder, header = folder_of(path), header_of(path)
    if header is None:
        beside = f" (its shards would be in {folder.name!r} beside it)" if path.exists() else ""
        raise StoreError(f"there is no store {str(path)!r}{beside}")
    there = sorted(int(f.stem) for f in folder.glob("*.h5") if f.stem.isdecimal())
    counts: Counter[str] = Counter()
    hashes: list[NDArray[np.bytes_]] = []
    facts: list[ShardFacts] = []
    widths: tuple[int, ...] = ()
    for number in range(there[-1] + 1 if there else 0):
        progress("look", number + 1, there[-1] + 1)
        found, own, statuses, good = _look(folder / shard_name(number), verify=verify)
        counts.update(statuses)
        hashes.append(good)
        facts.append(found)
        widths = widths or own
    _count_copies(counts, hashes)
    return Contents(
        path,
        header,
        widths,
        dict(counts.most_common()),
        tuple(facts),
        verify,
        sessions(path),
    )


def _count_copies(counts: Counter[str], hashes: Sequence[NDArray[np.bytes_]]) -> None:
    """Count copies as what they are: they have a hash that was there before."""
    every = np.concatenate(hashes) if hashes else np.empty(0, "S32")
    copies = len(every) - len(np.unique(every))
    if copies:
        counts[str(Status.OK)] -= copies
        counts[str(Status.DUPLICATE)] += copies


_Rest = tuple[tuple[int, ...], list[str], NDArray[np.bytes_]]
_NOTHING: Final[_Rest] = ((), [], np.empty(0, "S32"))


def _look(path: Path, *, verify: bool) -> tuple[ShardFacts, *_Rest]:
    """Return what a shard is, the widths of its probes, statuses, and the hashes of good ones."""
    if not path.is_file():
        return ShardFacts(path.name, problem="it is not there"), *_NOTHING
    size = path.stat().st_size
    try:
        if verify:
            read(path)
        with h5py.File(path, "r") as file:
            status, hashes = file["ledger/status"][...], file["ledger/hash"][...]
            rows, count = len(file["rows"]), len(file["embeddings"])
            widths = tuple(file[f"embeddings/{i}"].shape[1] for i in range(count))
    except (DamagedShardError, OSError, KeyError, ValueError, RuntimeError) as error:
        why = " ".join(str(error).split())
        return ShardFacts(path.name, bytes=size, problem=f"it is damaged: {why}"), *_NOTHING
    statuses = [found.decode() for found in status]
    good = hashes[status == Status.OK.encode()]
    return ShardFacts(path.name, len(statuses), rows, size), widths, statuses, good
