"""Detectors: one linear judge a domain, balanced, corrected to the domain's share, held to account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, LinearHead, Novelty, folded
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.forecast import Cost
from onnxprobe.recipe.kinds import Count, Folds, Positive, Seed
from recipes.grouped import Grouping, known
from recipes.heads import figures
from recipes.heads.balanced import Real, break_even, calibrated, fit
from recipes.heads.crossed import side_by_side
from recipes.heads.heldout import Mask
from recipes.heads.learners import LEARNERS, alike
from recipes.heads.noise import Noise
from recipes.heads.rejection import (
    STRANGERS,
    How,
    Strangers,
    check_keep,
    on_vectors,
    rejection,
)
from recipes.heads.split import Sides, Split
from recipes.heads.trained import Trained, nothing, reported
from recipes.vectors.sampling import fairly, smallest
from recipes.vectors.whitening import Vectors, Whitening, half_whitening

_JUDGED: Final = 20_000
"""Rows that tell what is strange, at most."""
_DOMAINS: Final = 30
_STEP: Final = 3.5e-8
_CURVE: Final = 100
"""Seconds to fit a detector: the first for each row and number, as if there were so many numbers more."""


@dataclass(frozen=True)
class Detectors:
    """A balanced logistic regression for each domain, on the view in which it was found.

    The rows kept aside only score. Thresholds and calibration come from the other rows by
    cross-fitting: each is judged by a detector that has not seen it. The threshold is where as
    many rows are found as belong to the domain, so that shares come out right. A picture that is
    stranger than all but few of those in a domain is given none, whatever its scores.

    Attributes:
        folds: of the cross-fitting.
        components: principal components a detector reads, at most.
        penalty: on the size of the weights; higher is smoother.
        rows: that detectors learn from, at most; of more so many are drawn, of small domains all.
        rejection: how strangeness is measured: ``nearest``, ``mahalanobis`` or ``energy``; ``best``
            for the one that tells strangers best, among the rows that teach; ``none``.
        keep: share of the pictures in domains that are answered, 0 to 1.
        seed: of the folds.
    """

    folds: Folds = 3
    components: Count = 256
    penalty: Positive = 2e-5
    rows: Count = 100_000
    rejection: How = "best"
    keep: float = 0.99
    seed: Seed = 0

    def check(self) -> None:
        """Look at the share of pictures in domains that are answered.

        Raises:
            RecipeError: it is no share.
        """
        check_keep(self.keep)

    def cost(self, rows: int, widths: tuple[int, ...]) -> Cost:
        """Return what it takes where there are as many domains as there often are."""
        own, columns = min(rows, self.rows), _DOMAINS * (self.folds + 1)
        numbers = sum(min(width, self.components) for width in widths) / len(widths)
        seconds = _STEP * own * columns * (numbers + _CURVE)
        return Cost(seconds, 40 * own * columns / len(widths) + 8 * rows * max(widths))

    def __call__(
        self,
        views: Mapping[str, Vectors],
        groups: Grouping,
        sides: Sides | None = None,
        noise: Noise | None = None,
        *,
        progress: Progress = silent,
    ) -> Trained:
        """Train on the rows that teach; ``sides`` as :class:`Split` deals them where left out.

        ``noise`` is what nothing is to be said of; it helps to choose how strangers are told.
        """
        member, told = groups.member, known(groups)
        count = member.shape[1]
        sides = sides or Split().deal(member)
        aside = sides.aside
        widths = tuple(x.shape[1] for x in views.values())
        if not count:
            return nothing(sum(widths), aside)
        start = dict(zip(views, np.cumsum((0, *widths)), strict=False))
        weight = np.zeros((count, sum(widths)), np.float32)
        bias, threshold = np.zeros(count, np.float32), np.full(count, 0.5, np.float32)
        unseen = np.zeros((len(member), count), np.float32)
        done = 0
        for name, x in views.items():
            own = np.flatnonzero(np.array(groups.view) == name)
            if not len(own):
                continue
            columns = slice(start[name], start[name] + x.shape[1])
            fold = sides.folds(member[:, own], self.folds, seed=self.seed)
            teach = np.ix_(~aside, own)
            weight[own, columns], bias[own], threshold[own], said = self._detectors(
                x[~aside], member[teach], told[teach], fold
            )
            unseen[teach] = said
            done += len(own)
            progress("detectors", done, count)
        head = LinearHead(
            HEADS["detectors"], weight, bias, threshold, tuple(map(str, range(count))), widths
        )
        novelty, more = None, dict[str, Any]()
        if self.rejection != "none":
            novelty, more = self._refusal(views, groups, sides, head, unseen=unseen, noise=noise)
        trained = reported(replace(head, novelty=novelty), views, member, aside, told)
        return replace(trained, heldout=trained.heldout | more)

    def _refusal(  # noqa: PLR0913  what it depends on
        self,
        views: Mapping[str, Vectors],
        groups: Grouping,
        sides: Sides,
        head: LinearHead,
        *,
        unseen: Vectors,
        noise: Noise | None,
    ) -> tuple[Novelty | None, dict[str, Any]]:
        """Choose how strangers are told, and say how well it does.

        Domains of which too few pictures teach have none.

        Args:
            views: all of them; a picture may be strange in any.
            groups: the domains.
            sides: who teaches.
            head: without a novelty.
            unseen: ``(n, K)`` logits of the rows that teach, by detectors that have not seen them.
            noise: pictures that show nothing.
        """
        drawn, _ = fairly(smallest(groups.member), _JUDGED, seed=self.seed)
        rows, space = side_by_side(
            views,
            groups,
            sides,
            folds=self.folds,
            components=self.components,
            seed=self.seed,
            drawn=drawn,
        )
        if rows.teach.sum() < STRANGERS:
            return None, {}
        x = np.hstack([view[drawn] for view in views.values()])
        said = np.where(sides.aside[drawn, None], _logits(head, x), unseen[drawn])
        strangers = None
        if noise is not None:
            strangers = Strangers(space(noise.vectors), _logits(head, noise.vectors))
        refusal = rejection(
            rows,
            said,
            strangers,
            kind=head.kind,
            learner=LEARNERS["linear"],
            weighing=alike,
            how=self.rejection,
            keep=self.keep,
            seed=self.seed,
        )
        own, scores = rows.aside, head.kind.apply(said[rows.aside])
        curve = figures.curve(groups.member[drawn][own], scores, refusal.strange[own])
        return on_vectors(refusal.novelty, space), {"rejection": refusal.facts, "curve": curve}

    def _detectors(
        self, x: Vectors, member: Mask, told: Mask, fold: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Real]:
        """Return weights ``(K, d)``, biases and thresholds ``(K,)`` of the domains of one view.

        And what the rows ``(n, K)`` get of fits that have not seen them. Each domain learns from the
        rows of which it is ``told`` ``(n, K)`` whether they belong.
        """
        whitening, weight, bias, unseen = self.crossed(x, member, told, fold)
        count = member.shape[1]
        threshold = np.zeros(count)
        for k in range(count):
            own, inside = unseen[told[:, k], k], member[told[:, k], k]
            slope, offset = calibrated(own, inside)
            threshold[k] = slope * break_even(own, inside) + offset
            weight[k], bias[k] = slope * weight[k], slope * bias[k] + offset
            unseen[:, k] = slope * unseen[:, k] + offset
        transform = whitening.transform
        return (
            *folded(weight, bias, center=whitening.center, transform=transform),
            HEADS["detectors"].apply(threshold.astype(np.float32)),
            unseen,
        )

    def crossed(
        self, x: Vectors, member: Mask, told: Mask, fold: NDArray[np.int64]
    ) -> tuple[Whitening, Real, Real, Real]:
        """Fit to rows ``(n, d)`` of one view; return a whitening, and on it weights, biases and logits.

        The weights ``(K, m)`` and biases ``(K,)`` are of fits to all rows, the logits ``(n, K)`` of
        fits that have not seen the fold of a row.
        """
        n, count = member.shape
        own, stands_for = fairly(smallest(member), self.rows, seed=self.seed)
        whitening = half_whitening(x[own], self.components, seed=self.seed)
        z = whitening(x)
        length = float(np.sqrt((z**2).sum(axis=1).mean()))
        # the last block of columns learns from all rows, the ones before leave out a fold each
        used = np.tile(told[own], self.folds + 1)
        for number in range(self.folds):
            used[fold[own] == number, number * count : (number + 1) * count] = False
        weight, bias = fit(
            z[own] / np.float32(length),
            np.tile(member[own], self.folds + 1),
            used,
            stands_for,
            penalty=self.penalty,
        )
        weight /= length
        unseen = np.zeros((n, count))
        for number in range(self.folds):
            block = slice(number * count, (number + 1) * count)
            rows = fold == number
            unseen[rows] = z[rows] @ weight[block].T + bias[block]
        return whitening, weight[-count:], bias[-count:], unseen


def _logits(head: LinearHead, x: Vectors) -> Vectors:
    return np.asarray(x @ head.weight.T + head.bias, np.float32)


__all__ = ["Detectors", "Trained"]
