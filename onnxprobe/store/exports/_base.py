"""What a form of a store is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onnxprobe.progress import Progress
from onnxprobe.store.store import Store

_ROWS: Final = 16_384
"""Rows in memory at a time; of 4 × 2048 floats each, that is half a gigabyte."""


@dataclass(frozen=True, slots=True)
class Export:
    """A form in which a store can be written.

    Attributes:
        name: what users call it.
        write: writes a store to a path, whole or not at all, and tells how far it is.
    """

    name: str
    write: Callable[[Store, Path, Progress], None]


def stretches(total: int, progress: Progress) -> Iterator[slice]:
    """Yield slices of ``total`` rows in order, and tell how many are done."""
    for start in range(0, total, _ROWS):
        stop = min(start + _ROWS, total)
        yield slice(start, stop)
        progress("export", stop, total)
