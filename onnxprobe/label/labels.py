"""What was found when pictures were labelled."""

from dataclasses import dataclass

from onnxprobe.label.drift import Drift, drift
from onnxprobe.label.shares import Share, left, shares
from onnxprobe.label.tally import Tally


@dataclass(frozen=True, slots=True)
class HeadLabels:
    """What one head says of all pictures.

    Attributes:
        prefix: of its outputs.
        none: pictures that are in none of its classes.
        sample: pictures of the sample that expected shares are from; null where not known.
        origin: who says what was expected; null where nobody does.
        shares: of every class, by id.
    """

    prefix: str
    none: int
    sample: int | None
    origin: str | None
    shares: tuple[Share, ...]

    @property
    def left(self) -> tuple[Share, ...]:
        """The classes whose share is outside its interval, those that changed most first."""
        return left(self.shares)


@dataclass(frozen=True, slots=True)
class Labels:
    """What was found.

    Attributes:
        counts: pictures by what became of them, the most frequent first.
        confidence: with which no share leaves its interval by chance.
        heads: what each says.
        by: what tells parts apart; null where nothing was asked.
        parts: how many parts hold pictures that could be labelled.
        drift: classes that are more or less frequent in a part than elsewhere, furthest first.
    """

    counts: dict[str, int]
    confidence: float
    heads: tuple[HeadLabels, ...]
    by: str | None
    parts: int
    drift: tuple[Drift, ...]


def labels(tally: Tally, *, by: str | None, confidence: float) -> Labels:
    """Return what ``tally`` has counted, compared with the samples of its heads."""
    total = sum(tally.labelled.values())
    heads: list[HeadLabels] = []
    drifted: list[Drift] = []
    for i, head in enumerate(tally.heads):
        counts, sample = tally.of(i), head.sample
        heads.append(
            HeadLabels(
                head.prefix,
                tally.none[head.prefix],
                sample.pictures if sample else None,
                sample.origin if sample else None,
                shares(head, counts.sum(axis=0), total, confidence=confidence),
            )
        )
        if by is not None:
            totals = [tally.labelled[part] for part in tally.parts]
            drifted += drift(head, tally.parts, counts, totals, confidence=confidence)
    return Labels(
        dict(tally.statuses.most_common()),
        confidence,
        tuple(heads),
        by,
        len(tally.parts) if by is not None else 0,
        tuple(drifted),
    )
