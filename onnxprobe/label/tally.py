"""Counting what the heads say, while it is written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from onnxprobe.label.answers import Chunk
from onnxprobe.label.heads import Head
from onnxprobe.label.parts import PartOf


@dataclass(slots=True, eq=False)
class Tally:
    """Pictures by what became of them, and by class; of each part apart, where there are parts.

    Attributes:
        heads: whose classes are counted.
        part_of: from the name of a picture to its part.
        statuses: pictures by what became of them.
        none: pictures in no class, by head.
        labelled: pictures that could be labelled, by part.
        classes: by part and head, pictures of each class ``(K,)``.
    """

    heads: Sequence[Head]
    part_of: PartOf
    statuses: Counter[str] = field(default_factory=Counter)
    none: Counter[str] = field(default_factory=Counter)
    labelled: Counter[str] = field(default_factory=Counter)
    classes: dict[str, list[NDArray[np.int64]]] = field(default_factory=dict)

    def watching(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield ``chunks``, each counted."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def add(self, chunk: Chunk) -> None:
        """Count the pictures of ``chunk``."""
        self.statuses.update(chunk.statuses)
        for head, said in zip(self.heads, chunk.answers, strict=True):
            self.none[head.prefix] += int((~said.member.any(axis=1)).sum())
        parts = np.array([self.part_of(chunk.names[i]) for i in chunk.kept.tolist()], object)
        for part in dict.fromkeys(parts.tolist()):
            rows = parts == part
            self.labelled[part] += int(rows.sum())
            counts = self.classes.setdefault(
                part, [np.zeros(len(head.classes), np.int64) for head in self.heads]
            )
            for i, said in enumerate(chunk.answers):
                counts[i] += said.member[rows].sum(axis=0)

    def of(self, head: int) -> NDArray[np.int64]:
        """Return the pictures of each class of a head by part, ``(P, K)``, parts in order."""
        found = [self.classes[part][head] for part in self.parts]
        return np.array(found, np.int64).reshape(len(found), len(self.heads[head].classes))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, sorted."""
        return tuple(sorted(self.labelled))
