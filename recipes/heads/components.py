"""Principal components: how many there are to speak of, which come back, and the pictures at their ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import DomainError, RecipeError
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Bounds, Count, Rounds, Seed, Share
from recipes.grouped import Grouped, Mask
from recipes.heads.split import Sides
from recipes.heads.trained import Trained, reported
from recipes.vectors.whitening import Vectors

Real = NDArray[np.float64]
_FEWEST_ROWS: Final = 50
_FIGURES: Final = ("rows", "macro_f1", "macro_auc", "worst_recall", "majority")
"""What means something where scores are no chances but places along an axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """Principal components of the rows that teach, the one that varies most first.

    Attributes:
        center: ``(d,)``.
        axes: ``(m, d)`` of length 1.
        spread: ``(m,)`` standard deviation along each.
        explained: ``(m,)`` part of the variance of the held-out rows that lies along each.
        stability: ``(m,)`` how surely the axis comes back in halves of the rows, 0 to 1.
        needed: how many it takes for the variance that was asked for, shown or not.
    """

    center: Real
    axes: Real
    spread: Real
    explained: Real
    stability: Real
    needed: int

    def along(self, x: Vectors) -> Real:
        """Return ``(n, m)``: how many standard deviations each row lies along each axis."""
        return np.asarray((x - self.center) @ self.axes.T / np.maximum(self.spread, 1e-12))


@dataclass(frozen=True)
class Components:
    """Principal components of the first view.

    Attributes:
        variance: part of the variance that they are to explain, 0 to 1.
        most: components that are shown, the first.
        rounds: halves in which each is looked for again.
        seed: of the halves.
    """

    variance: Annotated[float, Bounds(above=0, most=1)] = 0.8
    most: Count = 50
    rounds: Rounds = 5
    seed: Seed = 0

    def __call__(
        self, views: Mapping[str, Vectors], sides: Sides, *, progress: Progress = silent
    ) -> Principal:
        x = next(iter(views.values()))
        if len(x) < _FEWEST_ROWS:
            raise RecipeError(
                f"too few pictures: {len(x)}; components need at least {_FEWEST_ROWS}"
            )
        teach, aside = x[~sides.aside], x[sides.aside]
        center, axes, variance = _principal(teach)
        needed = int(np.searchsorted(np.cumsum(variance), self.variance * variance.sum())) + 1
        shown = min(needed, self.most, len(axes))
        random, found = np.random.default_rng(self.seed), []
        for done in range(self.rounds):
            half = random.permutation(len(teach))[: len(teach) // 2]
            _, again, _ = _principal(teach[half], 2 * shown)
            found.append(np.abs(axes[:shown] @ again.T).max(axis=1))
            progress("components", done + 1, self.rounds)
        away = aside - center
        explained = ((away @ axes[:shown].T) ** 2).sum(axis=0) / max(float((away**2).sum()), 1e-12)
        spread = np.sqrt(variance[:shown])
        stability = np.median(found, axis=0)
        return Principal(center, axes[:shown], spread, explained, stability, min(needed, len(axes)))


@dataclass(frozen=True)
class Ends:
    """The pictures at either end of each component, and a detector that is the component itself.

    Nothing is learnt but where the end begins: on the rows that teach. Held-out figures compare
    that with the same share of the rows held out. Ends may have other names, and some may be left
    out; anything else is no end of a component, and has no detector.

    Attributes:
        share: of the pictures that an end has, 0 to 1.
    """

    share: Share = 0.02

    def groups(self, x: Vectors, principal: Principal, aside: Mask, view: str) -> Grouped:
        """Return two groups a component: of the rows of each side, the share farthest along it."""
        member = self._members(_both(principal.along(x)), aside)
        count = len(principal.axes)
        names = tuple(f"component {i + 1} {end}" for i in range(count) for end in "+−")
        stability = np.repeat(principal.stability, 2).tolist()
        return Grouped(member, (view,) * (2 * count), tuple(stability), names)

    def __call__(
        self,
        views: Mapping[str, Vectors],
        groups: Grouped,
        principal: Principal,
        sides: Sides,
        *,
        progress: Progress = silent,
    ) -> Trained:
        x = next(iter(views.values()))
        place = _both(principal.along(x))
        ends = _chosen(groups, self._members(place, sides.aside), principal.stability)
        limits = _limits(place[~sides.aside][:, ends], self.share)
        slope = _both((principal.axes / np.maximum(principal.spread, 1e-12)[:, None]).T).T[ends]
        bias = -slope @ principal.center - limits  # above the limit the logit is above 0
        half = np.full(len(slope), 0.5, np.float32)
        head = LinearHead(
            HEADS["detectors"],
            slope.astype(np.float32),
            bias.astype(np.float32),
            half,
            groups.names,
            (x.shape[1],),
        )
        progress("ends", 1, 1)
        trained = reported(head, views, groups.member, sides.aside)
        figures = {name: trained.heldout[name] for name in _FIGURES}
        told = {
            "needed": principal.needed,
            "shown": len(principal.axes),
            "explained": [round(float(part), 4) for part in principal.explained],
        }
        return replace(trained, heldout={**figures, "components": told})

    def _members(self, place: Real, aside: Mask) -> Mask:
        """Return ``(n, 2m)``: of the rows of each side, the share that lies farthest."""
        member = np.zeros(place.shape, bool)
        for side in (aside, ~aside):
            member[side] = place[side] > _limits(place[side], self.share)
        return member


def _chosen(groups: Grouped, member: Mask, stability: Real) -> list[int]:
    """Return which ends, columns of ``member`` ``(n, 2m)``, the groups are, whatever they are called.

    Raises:
        DomainError: one is none of them.
    """

    def told(column: Mask, value: float | None) -> tuple[float | None, bytes]:
        return value, np.packbits(column).tobytes()

    values = np.repeat(stability, 2).tolist()
    places = {
        told(column, value): i
        for i, (column, value) in enumerate(zip(member.T, values, strict=True))
    }
    found = [
        places.get(told(column, value))
        for column, value in zip(groups.member.T, groups.stability, strict=True)
    ]
    for name, place in zip(groups.names, found, strict=True):
        if place is None:
            raise DomainError(
                f"{name!r} is not one end of a component; those can be renamed, dropped and kept, "
                "but not merged or split"
            )
    return [place for place in found if place is not None]


def _principal(x: Vectors, count: int | None = None) -> tuple[Real, Real, Real]:
    """Return the mean ``(d,)``, the first axes ``(m, d)``, or all, and the variance along them ``(m,)``."""
    from scipy.linalg import eigh

    center = x.mean(axis=0, dtype=np.float64)
    away = x - center
    if x.shape[1] <= len(x):
        d = x.shape[1]
        first = None if count is None else (max(d - count, 0), d - 1)
        variance, axes = eigh(away.T @ away / (len(x) - 1), subset_by_index=first)
        variance, axes = np.maximum(variance[::-1], 0), axes.T[::-1]
    else:
        _, size, axes = np.linalg.svd(away, full_matrices=False)
        variance, axes = size[:count] ** 2 / (len(x) - 1), axes[:count]
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return center, axes * signs[:, None], variance


def _both(along: Real) -> Real:
    """Return the columns of ``(n, m)``, each followed by its negative: ``(n, 2m)``."""
    return np.stack([along, -along], axis=2).reshape(len(along), -1)


def _limits(place: Real, share: float) -> Real:
    """Return ``(2m,)`` above which the share of the rows lies that is farthest."""
    return np.asarray(np.quantile(place, 1 - share, axis=0))
