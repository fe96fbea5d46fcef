"""Groups of pictures, as every recipe can say them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Grouping(Protocol):
    """What a head can be trained for."""

    @property
    def member(self) -> Mask:
        """``(n, K)``: which pictures are in which group."""

    @property
    def view(self) -> tuple[str, ...]:
        """K names, of the view that shows each."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """K groups of n pictures; they may overlap.

    Attributes:
        member: ``(n, K)`` bool.
        view: K names, of the view that shows each.
        stability: K, 0 to 1; null where nobody looked.
        names: K; empty where they have none yet.
        known: ``(n, K)`` bool, of which pictures it is known whether they are in; null: of all.
    """

    member: Mask
    view: tuple[str, ...]
    stability: tuple[float | None, ...]
    names: tuple[str, ...] = ()
    known: Mask | None = None


def known(groups: Grouping) -> Mask:
    """Return ``(n, K)``: of which pictures it is known whether they are in each group."""
    if isinstance(groups, Grouped) and groups.known is not None:
        return groups.known
    return np.ones(groups.member.shape, bool)


def partition(labels: NDArray[np.integer], view: str) -> Grouped:
    """Return groups of which each picture is in one at most; ``labels`` ``(n,)``, −1 for none.

    The largest comes first.
    """
    names, sizes = np.unique(labels[labels >= 0], return_counts=True)
    order = names[np.argsort(-sizes, kind="stable")]
    return Grouped(labels[:, None] == order, (view,) * len(order), (None,) * len(order))


def one_each(member: Mask) -> NDArray[np.int64]:
    """Return ``(n,)`` the first group of each picture; −1 for none."""
    if not member.shape[1]:
        return np.full(len(member), -1, np.int64)
    return np.where(member.any(axis=1), member.argmax(axis=1), -1).astype(np.int64)
