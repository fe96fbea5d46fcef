"""Where work on a store goes on: which shards are whole, and which rows are still to be made."""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from onnxprobe.errors import StoreError
from onnxprobe.images import Status
from onnxprobe.store.disk import put
from onnxprobe.store.header import Header
from onnxprobe.store.lock import LOCK
from onnxprobe.store.manifest import digest_of
from onnxprobe.store.shard import DamagedShardError, Extent, Shard, read
from onnxprobe.store.top import folder_of

_HEADER: Final = "header.json"
_SHARDS: Final = 1024
"""Shards that a store has at most, up to 17 million pictures; each is a file to open."""
_FEWEST: Final = 1024
_MOST: Final = 16_384
"""Rows of a shard, at least and at most; 16,384 vectors of 512 are 34 MB."""


def shard_rows(pictures: int, batch: int) -> int:
    """Return how many pictures a shard of a full store holds: whole batches, about 1000 shards."""
    rows = min(_MOST, max(_FEWEST, -(-pictures // _SHARDS)))
    return -(-rows // batch) * batch


@dataclass(frozen=True, slots=True)
class Found:
    """What an earlier run has left.

    Attributes:
        target: how many rows are wanted.
        retry: what to try again: pictures of these statuses.
        extents: of every shard that is whole, by its number.
        begun: content of shards that are still to be worked on, by number, whole batches only.
        again: batches of them that hold pictures to be tried again.
    """

    target: int
    retry: frozenset[Status] = frozenset()
    extents: dict[int, Extent] = field(default_factory=dict)
    begun: dict[int, Shard] = field(default_factory=dict)
    again: dict[int, tuple[range, ...]] = field(default_factory=dict)


def header_of(path: Path) -> Header | None:
    """Return what the store at ``path`` was begun as; ``None`` where there is none.

    Raises:
        StoreError: what is there is no store.
    """
    place = folder_of(path) / _HEADER
    return Header.from_json(place.read_bytes(), path) if place.is_file() else None


def batch_of(path: Path) -> int | None:
    """Return how many pictures a run takes in the store at ``path``; ``None`` if there is none.

    Raises:
        StoreError: what is there is no store.
    """
    header = header_of(path)
    return None if header is None else header.batch


def require_pictures(path: Path, names: Sequence[str]) -> None:
    """Check that the store at ``path``, where there is one, is of the pictures ``names``.

    Raises:
        StoreError: it is of others.
    """
    there = header_of(path)
    if there is not None:
        asked = replace(there, pictures=len(names), names=digest_of(names))
        there.require_same(asked, path)


def claim(path: Path, header: Header) -> None:
    """Make the store at ``path`` ours, or make sure that it is: it must be of the same header.

    The caller holds the lock.

    Raises:
        StoreError: there is a store of another header, or a file that is no store of ours.
    """
    folder = folder_of(path)
    place = folder / _HEADER
    if place.is_file():
        Header.from_json(place.read_bytes(), path).require_same(header, path)
    elif path.exists():
        raise StoreError(
            f"{str(path)!r} is there already, and without {folder.name!r} beside it it cannot be "
            "gone on with; name another store, or delete it"
        )
    else:
        put(header.to_json().encode(), place)


def tidy(path: Path) -> None:
    """Remove what killed runs left half-written; the caller holds the lock, alone."""
    folder = folder_of(path)
    for parent, start in ((folder, "."), (path.parent, f".{path.name}.")):
        for file in parent.iterdir():
            left_over = file.name.startswith(start) and file.suffix in (".tmp", ".lock")
            if left_over and file.name != LOCK:
                file.unlink()


def find(path: Path, header: Header, target: int, retry: Collection[Status] = ()) -> Found:
    """Read and check every shard of the store at ``path``, of which ``target`` rows are wanted.

    A shard that is not what was written is made again; a warning says so.
    """
    found = Found(target, frozenset(retry))
    for number in range(-(-header.pictures // header.shard_rows)):
        look(path, header, found, number)
    return found


def look(path: Path, header: Header, found: Found, number: int) -> None:
    """Read and check one shard, and write down in ``found`` what it holds."""
    file, size = folder_of(path) / shard_name(number), header.shard_rows
    for facts in (found.extents, found.begun, found.again):
        facts.pop(number, None)
    if not file.is_file():
        return
    try:
        shard = read(file)
    except DamagedShardError as error:
        warnings.warn(
            f"{str(file)!r} is damaged and made again: {error}", RuntimeWarning, stacklevel=3
        )
        return
    found.extents[number] = Extent.of(shard, file)
    whole = len(shard.ledger) >= min(size, found.target - number * size)
    kept = shard if whole else shard.first(len(shard.ledger) // header.batch * header.batch)
    again = tuple(_batches_of(kept, found, header))
    if again or not whole:
        found.begun[number], found.again[number] = kept, again


def _batches_of(shard: Shard, found: Found, header: Header) -> Iterator[range]:
    """Yield the batches that hold a picture to be tried again."""
    wanted = np.isin(shard.ledger.status.astype(str), [str(status) for status in found.retry])
    stop = shard.start + len(shard.ledger)
    for batch in np.unique(np.flatnonzero(wanted) // header.batch).tolist():
        first = shard.start + batch * header.batch
        if first < found.target:
            yield range(first, min(first + header.batch, stop))


def shard_name(number: int) -> str:
    """Return the file name of a shard."""
    return f"{number:08d}.h5"


def missing(header: Header, found: Found) -> Iterator[range]:
    """Yield the rows still to be made, batch by batch."""
    for number in unfinished(header, found):
        yield from lacking(header, found, number)


def unfinished(header: Header, found: Found) -> list[int]:
    """Return the shards that lack rows, or have some to be tried again."""
    numbers = range(-(-found.target // header.shard_rows))
    return [n for n in numbers if n in found.begun or n not in found.extents]


def lacking(header: Header, found: Found, number: int) -> Iterator[range]:
    """Yield the rows of one shard that are still to be made, batch by batch."""
    begun, size = found.begun.get(number), header.shard_rows
    if begun is None and number in found.extents:
        return
    yield from found.again.get(number, ())
    start = number * size + (0 if begun is None else len(begun.ledger))
    stop = min((number + 1) * size, found.target)
    for first in range(start, stop, header.batch):
        yield range(first, min(first + header.batch, stop))
