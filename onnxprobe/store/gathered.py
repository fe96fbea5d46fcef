"""What the vectors of a store are like, in words that a report can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onnxprobe.images.names import printable
from onnxprobe.store.channels import Channels, every_channel
from onnxprobe.store.duplicates import Group, exact_duplicates, near_duplicates
from onnxprobe.store.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What is known of one probe, and which pictures are there twice.

    Attributes:
        probe: ``tensor:pooling``.
        channels: what its vectors are like.
        names: of every picture, by row of the ledger.
        similarity: from which cosine on pictures are near duplicates.
        exact: pictures whose files are the same.
        near: pictures whose embeddings are nearly the same, exact duplicates among them.
    """

    probe: str
    channels: Channels
    names: Sequence[str]
    similarity: float
    exact: tuple[Group, ...]
    near: tuple[Group, ...]

    def named(self, group: Group) -> list[str]:
        """Return the names of the pictures of a group."""
        return [self.names[row] for row in group.rows.tolist()]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values, channel by channel."""
        found = self.channels
        columns = {
            "mean": found.mean,
            "variance": found.variance,
            "low": found.low,
            "high": found.high,
            "zeros": found.zeros,
        }
        plain = [dict(zip(columns, row, strict=True)) for row in _rows(list(columns.values()))]
        tops = [[self.names[row] for row in rows if row >= 0] for rows in found.top.rows.tolist()]
        return {
            "probe": self.probe,
            "vectors": found.count,
            "dead": found.dead.tolist(),
            "channels": [one | {"top": top} for one, top in zip(plain, tops, strict=True)],
            "same_file": [self.named(group) for group in self.exact],
            "near": [
                {"pictures": self.named(group), "similarity": round(group.similarity, 6)}
                for group in self.near
            ],
        }


def gathered(store: Store, *, similarity: float = 0.98) -> tuple[Gathered, ...]:
    """Return what the vectors of each probe of ``store`` are like.

    Raises:
        StoreError: the similarity is not above 0 and below 1.
    """
    names, exact = [printable(name) for name in store.ledger.path], exact_duplicates(store)
    return tuple(
        Gathered(
            probe,
            found,
            names,
            similarity,
            exact,
            near_duplicates(store, probe, similarity=similarity, mean=found.mean),
        )
        for probe, found in zip(store.header.probes, every_channel(store), strict=True)
    )


def _rows(columns: Sequence[Any]) -> list[tuple[float, ...]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))
