"""What training a head gives, and how it does on rows that it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, NOVELTY, Answers, Kind, Layer, LinearHead, Novelty
from recipes.heads import figures
from recipes.heads.heldout import Mask, Scores, scored
from recipes.vectors.sampling import chunks
from recipes.vectors.whitening import Vectors

_Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A head for K domains over the views side by side, and how it did on held-out rows.

    ``scores = kind(concatenated views @ weight.T + bias)``; an answer where above ``threshold``.

    Attributes:
        weight: ``(K, D)`` float32; D is the sum of the widths of all views, in their order; or
            ``(K, h)`` behind a hidden layer.
        bias: ``(K,)`` float32.
        threshold: ``(K,)`` float32.
        split: n of ``"train"`` or ``"heldout"``.
        predicted: ``(n, K)`` bool.
        confidence: ``(n,)`` the score of the best answer; without one, the highest score.
        recall: K of the domain's held-out rows, the part that was found; null: there were none.
        precision: K of the held-out rows that were found, the part that is in the domain.
        share_ratio: K held-out rows that were found, per row of the domain.
        heldout: ``rows``, ``macro_f1``, ``macro_auc``, ``worst_recall``, and ``majority``: the share
            of the largest domain, which a constant answer would get right. A recipe may add more.
        hidden_weight: ``(h, D)`` float32 of the hidden layer; null without one.
        hidden_bias: ``(h,)`` float32.
        novelty: name of the measure of novelty; null without one.
        limit: of the novelty.
        anchors: ``(M, m)`` float32 of the novelty.
        novelty_weight: ``(m, D)`` float32 of the map before it; null: it reads the logits.
        novelty_bias: ``(m,)`` float32.
    """

    weight: _Array
    bias: _Array
    threshold: _Array
    split: tuple[str, ...]
    predicted: NDArray[np.bool_]
    confidence: _Array
    recall: tuple[float | None, ...]
    precision: tuple[float | None, ...]
    share_ratio: tuple[float | None, ...]
    heldout: dict[str, Any]
    hidden_weight: _Array | None = None
    hidden_bias: _Array | None = None
    novelty: str | None = None
    limit: float = 0.0
    anchors: _Array | None = None
    novelty_weight: _Array | None = None
    novelty_bias: _Array | None = None

    def head(self, kind: Kind, classes: tuple[str, ...], widths: tuple[int, ...]) -> LinearHead:
        """Return the head itself."""
        hidden, novelty = None, None
        if self.hidden_weight is not None and self.hidden_bias is not None:
            hidden = Layer(self.hidden_weight, self.hidden_bias)
        if self.novelty is not None and self.anchors is not None:
            measure, limit = NOVELTY[self.novelty], self.limit
            novelty = Novelty(measure, limit, self.anchors, self.novelty_weight, self.novelty_bias)
        return LinearHead(
            kind=kind,
            weight=self.weight,
            bias=self.bias,
            threshold=self.threshold,
            classes=classes,
            widths=widths,
            hidden=hidden,
            novelty=novelty,
        )


def reported(
    head: LinearHead,
    views: Mapping[str, Vectors],
    member: Mask,
    aside: Mask,
    known: Mask | None = None,
) -> Trained:
    """Return ``head`` with what it says of all rows, and how that compares on the rows ``aside``.

    Only what is ``known`` ``(n, K)`` is compared; by default all is.
    """
    answers = _answers(head, list(views.values()))
    predicted = (answers.scores > head.threshold) & (answers.id >= 0)
    if head.kind is HEADS["softmax"]:  # one answer a row, the best
        predicted &= np.arange(len(head.classes)) == answers.id
    told = np.ones(member.shape, bool) if known is None else known
    found = scored(member[aside], predicted[aside], answers.scores[aside], told[aside])
    whole = aside & told.all(axis=1)  # figures over all domains need rows of which all is known
    more: dict[str, Any] = {}
    if whole.any():
        more = figures.overall(member[whole], answers.scores[whole])
    novelty = head.novelty
    return Trained(
        head.weight,
        head.bias,
        head.threshold,
        _split(aside),
        predicted,
        answers.confidence[:, 0].astype(np.float32),
        recall=_or_none(found.recall),
        precision=_or_none(found.precision),
        share_ratio=_or_none(found.share_ratio),
        heldout=_overall(found, member[aside], told[aside]) | more,
        hidden_weight=None if head.hidden is None else head.hidden.weight,
        hidden_bias=None if head.hidden is None else head.hidden.bias,
        novelty=None if novelty is None else novelty.measure.name,
        limit=0.0 if novelty is None else float(novelty.limit),
        anchors=None if novelty is None else novelty.anchors,
        novelty_weight=None if novelty is None else novelty.weight,
        novelty_bias=None if novelty is None else novelty.bias,
    )


def nothing(width: int, aside: Mask) -> Trained:
    """Return what there is where no domain was found: no head, and no figures."""
    rows, empty = len(aside), np.zeros(0, np.float32)
    none = dict.fromkeys(("macro_f1", "macro_auc", "worst_recall", "majority"))
    return Trained(
        np.zeros((0, width), np.float32),
        empty,
        empty,
        _split(aside),
        np.zeros((rows, 0), bool),
        np.zeros(rows, np.float32),
        recall=(),
        precision=(),
        share_ratio=(),
        heldout={"rows": int(aside.sum()), **none},
    )


def _answers(head: LinearHead, vectors: Sequence[_Array]) -> Answers:
    """Return what ``head`` says of all rows; the views are put side by side some rows at a time."""
    parts = [head([x[own] for x in vectors]) for own in chunks(len(vectors[0]))]
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Answers(*columns)


def _overall(found: Scores, member: Mask, told: Mask) -> dict[str, Any]:
    share = member.sum(axis=0) / np.maximum(told.sum(axis=0), 1)
    return {
        "rows": len(member),
        "macro_f1": _number(_over_all(np.mean, found.f1)),
        "macro_auc": _number(_over_all(np.mean, found.auc)),
        "worst_recall": _number(_over_all(np.min, found.recall)),
        "majority": float(share.max()),
    }


def _over_all(summary: Any, figure: NDArray[np.float64]) -> np.floating:
    """Summarise what was counted; NaN where nothing was."""
    there = figure[~np.isnan(figure)]
    return np.float64(summary(there)) if len(there) else np.float64("nan")


def _or_none(found: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(map(_number, found))


def _number(figure: np.floating) -> float | None:
    return None if np.isnan(figure) else round(float(figure), 4)


def _split(aside: Mask) -> tuple[str, ...]:
    return tuple(np.where(aside, "heldout", "train").tolist())
