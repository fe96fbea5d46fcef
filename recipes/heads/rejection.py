"""Which pictures are like nothing that is known: choosing a measure and its limit, with the evidence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.heads import HEADS, Kind, Layer, Novelty
from recipes.grouped import Mask
from recipes.heads.crossed import Rows, raw
from recipes.heads.heldout import auc
from recipes.heads.learners import Learner, Weighing, logits
from recipes.heads.strange import STRANGE
from recipes.vectors.whitening import Vectors, Whitening

How = Literal["best", "nearest", "mahalanobis", "energy", "none"]
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
        facts: ``measure``, ``keep``, ``against`` and ``auroc`` by measure, and ``noise``, the same
            against pictures that show nothing, for reports.
    """

    novelty: Novelty | None
    strange: Real
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Rows that are nothing known.

    Attributes:
        z: ``(m, d)``, as the rows that are known.
        said: ``(m, K)`` logits.
    """

    z: Vectors
    said: NDArray[np.floating]


def check_keep(keep: float) -> None:
    """Look at the share of known pictures that are answered.

    Raises:
        RecipeError: it is no share.
    """
    if not 0 < keep <= 1:
        raise RecipeError(f"classifier.keep is a share above 0 and up to 1, not {keep}")


def on_vectors(novelty: Novelty | None, space: Whitening) -> Novelty | None:
    """Return ``novelty``, which reads what ``space`` gives, on the vectors as they are."""
    if novelty is None or novelty.weight is None or novelty.bias is None:
        return novelty
    weight, bias = raw(Layer(novelty.weight, novelty.bias), space)
    return replace(novelty, weight=weight, bias=bias)


def rejection(  # noqa: PLR0913  what it depends on
    rows: Rows,
    said: Real,
    noise: Strangers | None,
    *,
    kind: Kind,
    learner: Learner,
    weighing: Weighing,
    how: How,
    keep: float,
    seed: int,
) -> Rejection:
    """Choose a measure of novelty and the limit that ``keep`` of the known rows are below.

    The measure is the one that tells strangers best from the rows that teach; the figures are of
    the rows held out. Strangers are the rows of no class, or, where there are not enough of these,
    the rows of classes that were left out in turn, and, counting as much, pictures that show nothing:
    a measure may be good at the border of what is known, and blind to what is far from it.

    Args:
        rows: what is known.
        said: ``(n, K)`` calibrated logits of each row by a head that has not seen it.
        noise: pictures that show nothing, if there are any.
        kind: of the head.
        learner: of heads that are fitted without some of the classes.
        weighing: of the rows that these are fitted to.
        how: name of a measure; ``best`` or ``none``.
        keep: 0 to 1.
        seed: of the fits.
    """
    fits, strange = _all(rows, said, kind, seed)
    against, teach, aside = _told(rows, strange, learner, weighing, seed)
    names = [name for name in fits if how in {"best", name}]
    far = {} if noise is None else _far(noise, fits, kind)
    near_and_far = [_rounded(teach), _rounded(_against(far, strange, rows.teach))]
    best = max(names, key=lambda name: sum(a.get(name, 0.0) for a in near_and_far), default=SCORE)
    facts: dict[str, Any] = {
        "measure": best if names else None,
        "keep": keep,
        "against": against,
        "auroc": _rounded(aside),
        "noise": _rounded(_against(far, strange, rows.aside & (rows.labels >= 0))),
    }
    if not names:
        return Rejection(None, strange[SCORE], facts)
    limit = _limit(strange[best][rows.teach], keep)
    return Rejection(replace(fits[best], limit=limit), strange[best], facts)


def _limit(strange: Real, keep: float) -> float:
    """Return what ``keep`` of new rows like these are below (split conformal, Vovk et al. 2005).

    So few rows that none of them is the limit say no more than that it is beyond the strangest: it
    is taken to be as far beyond as that is from the middle.
    """
    place = math.ceil((len(strange) + 1) * keep)
    ordered = np.sort(strange)
    if place <= len(ordered):
        return float(ordered[place - 1])
    return float(2 * ordered[-1] - np.median(ordered))


def _far(noise: Strangers, fits: Mapping[str, Novelty], kind: Kind) -> dict[str, Real]:
    """Return how strange the pictures that show nothing are to every measure."""
    heard = noise.said.astype(np.float32)
    found = {name: fit(noise.z, heard)[:, 0].astype(np.float64) for name, fit in fits.items()}
    return {SCORE: -_scores(noise.said, kind).max(axis=1), **found}


def _against(far: Mapping[str, Real], strange: Mapping[str, Real], own: Mask) -> dict[str, float]:
    """Return the AUROC of every measure: ``far`` strangers from the known rows ``own``."""
    if not own.any():
        return {}
    return {
        name: auc(
            np.repeat([True, False], [len(away), own.sum()]),
            np.concatenate([away, strange[name][own]]),
        )
        for name, away in far.items()
    }


def _rounded(areas: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in areas.items() if not math.isnan(value)}


def _all(
    rows: Rows, said: Real, kind: Kind, seed: int
) -> tuple[dict[str, Novelty], dict[str, Real]]:
    """Fit every measure; return them, and how strange each row is to a fit that has not seen it."""
    fits: dict[str, Novelty] = {}
    strange = {SCORE: -_scores(said, kind).max(axis=1)}
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
        best = _scores(said, HEADS["softmax"]).max(axis=1)
        areas.append({SCORE: auc(stranger[seen], -best), **found})
    return areas


def _mean(values: list[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def _scores(said: NDArray[np.floating], kind: Kind) -> Real:
    return kind.apply(said.astype(np.float32)).astype(np.float64)
