"""What a file of labels is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onnxprobe.label.answers import Chunk
from onnxprobe.label.heads import Head

FACTS: Final = "onnxprobe.labels"
"""Under what name a file says, as JSON, how its labels were made and how many there are."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        name: what users call it.
        suffixes: how such files end.
        write: writes the chunks of so many pictures to a path, and at the end the facts.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Path, Iterator[Chunk], Sequence[Head], int, Callable[[], str]], None]


def column(head: Head, heads: Sequence[Head], name: str) -> str:
    """Return what a column of ``head`` is called: by its prefix too, where there are several."""
    return name if len(heads) == 1 else f"{head.prefix}_{name}"
