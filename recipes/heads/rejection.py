"""Which pictures are like nothing that is known: choosing a measure and its limit, with the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, Novelty
from recipes.grouped import Mask
from recipes.heads.crossed import Rows
from recipes.heads.heldout import auc
from recipes.heads.learners import Learner, Weighing, logits
from recipes.heads.strange import STRANGE

Real = NDArray[np.float64]
SCORE: Final = "highest score"
"""What people look at where there is no better measure; listed for comparison."""
STRANGERS: Final = 20
"""Rows of no class from which on they are the strangers; with fewer, classes are left out in turn."""
_BLOCKS: Final = 3
_FEWEST_CLASSES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rejection:
    """How strangers are told.

    Attributes:
        novelty: the measure that was chosen, on ``z``, with its limit; null: nothing is rejected.
        strange: ``(n,)`` how strange each row is to a fit that has not seen it.
        facts: ``measure``, ``keep``, ``against`` and ``auroc`` by measure, for reports.
    """

    novelty: Novelty | None
    strange: Real
    facts: dict[str, Any]


def rejection(  # noqa: PLR0913  what it depends on
    rows: Rows,
    said: Real,
    learner: Learner,
    *,
    how: str,
    keep: float,
    weighing: Weighing,
    seed: int,
) -> Rejection:
    """Choose a measure of novelty and the limit that ``keep`` of the known rows are below.

    The measure is the one that tells strangers best among the rows that teach; the figures are of
    the rows held out. Strangers are the rows of no class, or, where there are not enough of these,
    the rows of classes that were left out in turn.

    Args:
        rows: what is known.
        said: ``(n, K)`` calibrated logits of each row by a head that has not seen it.
        learner: of the head.
        how: name of a measure; ``best`` or ``none``.
        keep: 0 to 1.
        weighing: of the rows that a head is fitted to.
        seed: of the fits.
    """
    fits, strange = _all(rows, said, seed)
    against, teach, aside = _told(rows, strange, learner, weighing, seed)
    names = [name for name in fits if how in {"best", name}]
    best = max(names, key=lambda name: teach.get(name, 0.0), default=SCORE)
    facts: dict[str, Any] = {
        "measure": best if names else None,
        "keep": keep,
        "against": against,
        "auroc": {name: round(value, 4) for name, value in aside.items()},
    }
    if not names:
        return Rejection(None, strange[SCORE], facts)
    limit = float(np.quantile(strange[best][rows.teach], keep))
    return Rejection(replace(fits[best], limit=limit), strange[best], facts)


def _all(rows: Rows, said: Real, seed: int) -> tuple[dict[str, Novelty], dict[str, Real]]:
    """Fit every measure; return them, and how strange each row is to a fit that has not seen it."""
    fits: dict[str, Novelty] = {}
    strange = {SCORE: -_chances(said).max(axis=1)}
    heard = said.astype(np.float32)
    for name, measure in STRANGE.items():

        def fit(own: Mask) -> Novelty:
            return measure.fit(rows.z[own], rows.labels[own], seed)  # noqa: B023  called at once

        def judge(fitted: Novelty, own: Mask) -> NDArray[np.floating]:
            return fitted(rows.z[own], heard[own])[:, 0]

        fits[name], strange[name] = rows.crossed(fit, judge)
    return fits, strange


def _told(
    rows: Rows, strange: Mapping[str, Real], learner: Learner, weighing: Weighing, seed: int
) -> tuple[str | None, dict[str, float], dict[str, float]]:
    """Return who the strangers are, and the AUROC of each measure on teaching and on held-out rows."""
    none = rows.labels < 0
    sides = [rows.fold >= 0, rows.aside]
    if all((none & side).sum() >= STRANGERS for side in sides):
        areas = [{name: auc(none[side], s[side]) for name, s in strange.items()} for side in sides]
        return "pictures in no group", areas[0], areas[1]
    if len(np.unique(rows.labels[rows.teach])) < _FEWEST_CLASSES:
        return None, {}, {}
    found = [_left_out(rows, block, learner, weighing, seed) for block in range(_BLOCKS)]
    areas = [
        {name: _mean([one[side][name] for one in found]) for name in strange} for side in range(2)
    ]
    return "classes left out in turn", areas[0], areas[1]


def _left_out(
    rows: Rows, block: int, learner: Learner, weighing: Weighing, seed: int
) -> list[dict[str, float]]:
    """Learn without a third of the classes and a fold; say how well those classes are told.

    The first is on the fold, the second on the held-out rows.
    """
    stranger = rows.labels % _BLOCKS == block
    own = rows.teach & ~stranger & (rows.fold != 0)
    names, labels = np.unique(rows.labels[own], return_inverse=True)
    z = rows.z[own]
    layers = learner.fit(z, labels, weighing(labels, len(names)), len(names), seed)
    fits = {name: measure.fit(z, labels, seed) for name, measure in STRANGE.items()}
    areas = []
    for side in (rows.fold == 0, rows.aside):
        seen = side & (rows.labels >= 0)
        said = logits(layers, rows.z[seen])
        found = {
            name: auc(stranger[seen], fit(rows.z[seen], said)[:, 0]) for name, fit in fits.items()
        }
        areas.append({SCORE: auc(stranger[seen], -_chances(said).max(axis=1)), **found})
    return areas


def _mean(values: list[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def _chances(said: NDArray[np.floating]) -> Real:
    return HEADS["softmax"].apply(said.astype(np.float32)).astype(np.float64)
