"""Where work on a store goes on: which shards are whole, and which rows are still to be made."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from onnxprobe.embed.disk import put
from onnxprobe.embed.header import Header
from onnxprobe.embed.shard import DamagedShardError, Extent, Shard, read
from onnxprobe.embed.top import folder_of
from onnxprobe.errors import StoreError

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
        extents: of every shard that is whole, by its number.
        begun: content of shards that end before they should, by number, whole batches only.
    """

    target: int
    extents: dict[int, Extent] = field(default_factory=dict)
    begun: dict[int, Shard] = field(default_factory=dict)


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


def claim(path: Path, header: Header) -> None:
    """Make the store at ``path`` ours, or make sure that it is: it must be of the same header.

    What a killed run left half-written is removed. The caller holds the lock.

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
    for parent, start in ((folder, "."), (path.parent, f".{path.name}.")):
        for file in parent.iterdir():
            if file.name.startswith(start) and file.suffix == ".tmp":
                file.unlink()


def find(path: Path, header: Header, target: int) -> Found:
    """Read and check every shard of the store at ``path``, of which ``target`` rows are wanted.

    A shard that is not what was written is made again; a warning says so.
    """
    found, folder, size = Found(target), folder_of(path), header.shard_rows
    for number in range(-(-header.pictures // size)):
        file = folder / shard_name(number)
        if not file.is_file():
            continue
        try:
            shard = read(file)
        except DamagedShardError as error:
            warnings.warn(
                f"{str(file)!r} is damaged and made again: {error}", RuntimeWarning, stacklevel=2
            )
            continue
        found.extents[number] = Extent.of(shard, file)
        if len(shard.ledger) < min(size, target - number * size):
            found.begun[number] = shard.first(len(shard.ledger) // header.batch * header.batch)
    return found


def shard_name(number: int) -> str:
    """Return the file name of a shard."""
    return f"{number:08d}.h5"


def missing(header: Header, found: Found) -> Iterator[range]:
    """Yield the rows still to be made, batch by batch."""
    size = header.shard_rows
    for number in range(-(-found.target // size)):
        stop = min((number + 1) * size, found.target)
        begun = found.begun.get(number)
        if begun is None and number in found.extents:
            continue
        start = number * size + (0 if begun is None else len(begun.ledger))
        for first in range(start, stop, header.batch):
            yield range(first, min(first + header.batch, stop))
