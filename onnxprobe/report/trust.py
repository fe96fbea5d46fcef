"""How far a head may be trusted, read from ``run.json``; what is not recorded there is absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any, Final, Self

from onnxprobe.report.reading import mapping, number, sequence

AREAS: Final = ("ovr_macro", "ovr_weighted", "ovo_macro", "ovo_weighted")
BETTER: Final = 0.01
"""Macro-F1 by which another head must be ahead to be worth naming."""


@dataclass(frozen=True)
class Trust:
    """Figures of a head on held-out pictures, beyond its recalls.

    Attributes:
        areas: AUC by how it is averaged: one class against the rest (``ovr``), pairs (``ovo``).
        ece: How far the highest score is from the part of pictures where it is right, 0 to 1.
        head: The kind of head that was fused, of those compared.
        heads: Figures by kind of head, nothing rejected: accuracy, macro_f1, macro_auc, ece.
        folds: Macro-F1 of each fold of the cross-validation among the pictures that teach.
        answered: Part of the held-out pictures that get an answer, 0 to 1.
        measure: What strangeness is measured by; None where nothing is rejected by it.
        against: Who the strangers were that measures were tried on.
        auroc: By measure, the chance that a stranger is stranger than a known picture.
        noise: By measure, the same of a picture that shows nothing.
        curve: Coverage and purity as the strangest are left out, both 0 to 1.
        confusion: Pictures of each domain by answer; the last column is none.
        components: How many principal components were needed, and shown; None without any.
        explained: Part of the held-out variance that those shown explain, 0 to 1.
    """

    areas: Mapping[str, float] = field(default_factory=dict)
    ece: float | None = None
    head: str = ""
    heads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folds: tuple[float, ...] = ()
    answered: float | None = None
    measure: str | None = None
    against: str | None = None
    auroc: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    components: tuple[int, int] | None = None
    explained: float = 0.0

    @classmethod
    def of(cls, heldout: Mapping[str, Any]) -> Self:
        """Read ``run.json``'s ``heldout``."""
        rejection = mapping(heldout.get("rejection"))
        points = [mapping(point) for point in sequence(heldout.get("curve"))]
        pairs = [(number(p.get("coverage")), number(p.get("purity"))) for p in points]
        folds = [number(mapping(fold).get("macro_f1")) for fold in sequence(heldout.get("folds"))]
        parts = mapping(heldout.get("components"))
        needed, shown = number(parts.get("needed")), number(parts.get("shown"))
        return cls(
            areas=_numbers(heldout.get("auc")),
            ece=number(heldout.get("ece")),
            head=str(heldout.get("head") or ""),
            heads={k: mapping(v) for k, v in mapping(heldout.get("heads")).items()},
            folds=tuple(fold for fold in folds if fold is not None),
            answered=number(heldout.get("answered")),
            measure=str(rejection["measure"]) if rejection.get("measure") else None,
            against=str(rejection["against"]) if rejection.get("against") else None,
            auroc=_numbers(rejection.get("auroc")),
            noise=_numbers(rejection.get("noise")),
            curve=tuple((c, p) for c, p in pairs if c is not None and p is not None),
            confusion=tuple(
                tuple(int(number(count) or 0) for count in sequence(row))
                for row in sequence(heldout.get("confusion"))
            ),
            components=None if needed is None or shown is None else (int(needed), int(shown)),
            explained=sum(filter(None, map(number, sequence(parts.get("explained"))))),
        )

    @property
    def cross_validated(self) -> tuple[float, float] | None:
        """Mean and standard deviation of macro-F1 over the folds."""
        return (fmean(self.folds), stdev(self.folds)) if len(self.folds) > 1 else None

    @property
    def better(self) -> str | None:
        """The kind of head that does better than the one that was fused, if one does."""
        scores = {
            name: number(figures.get("macro_f1")) or 0.0 for name, figures in self.heads.items()
        }
        best = max(scores, key=scores.__getitem__, default=None)
        ahead = best is not None and scores[best] > scores.get(self.head, 0.0) + BETTER
        return best if ahead else None


def _numbers(value: object) -> dict[str, float]:
    found = {name: number(figure) for name, figure in mapping(value).items()}
    return {name: figure for name, figure in found.items() if figure is not None}
