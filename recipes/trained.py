"""What training a head gives, and how it does on rows that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, LinearHead
from recipes.heldout import Mask, Scores, scored
from recipes.whitening import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A head for K domains over the views side by side, and how it did on held-out rows.

    ``scores = kind(concatenated views @ weight.T + bias)``; an answer where above ``threshold``.

    Attributes:
        weight: ``(K, D)`` float32; D is the sum of the widths of all views, in their order.
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
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    threshold: NDArray[np.float32]
    split: tuple[str, ...]
    predicted: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    recall: tuple[float | None, ...]
    precision: tuple[float | None, ...]
    share_ratio: tuple[float | None, ...]
    heldout: dict[str, float | int | None]


def reported(head: LinearHead, views: Mapping[str, Vectors], member: Mask, aside: Mask) -> Trained:
    """Return ``head`` with what it says of all rows, and how that compares on the rows ``aside``."""
    answers = head(list(views.values()))
    predicted = answers.scores > head.threshold
    if head.kind is HEADS["softmax"]:  # one answer a row, the best
        predicted &= np.arange(len(head.classes)) == answers.id
    found = scored(member[aside], predicted[aside], answers.scores[aside])
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
        heldout=_overall(found, member[aside]),
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


def _overall(found: Scores, member: Mask) -> dict[str, float | int | None]:
    return {
        "rows": len(member),
        "macro_f1": _number(np.nanmean(found.f1)),
        "macro_auc": _number(np.nanmean(found.auc)),
        "worst_recall": _number(np.nanmin(found.recall)),
        "majority": float(member.mean(axis=0).max()),
    }


def _or_none(figures: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(map(_number, figures))


def _number(figure: np.floating) -> float | None:
    return None if np.isnan(figure) else round(float(figure), 4)


def _split(aside: Mask) -> tuple[str, ...]:
    return tuple(np.where(aside, "heldout", "train").tolist())
