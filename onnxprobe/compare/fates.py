"""What became of each domain of one run in another: it is there, split, merged, part of one, or gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.domains.matching import matched, overlap

Mask = NDArray[np.bool_]

SAME, SPLIT, MERGED, PART, GONE = "same", "split", "merged", "part", "gone"
MOSTLY: Final = 0.5
"""Part of a domain above which it lies in another: more of it than of all else."""
MORE: Final = 0.2
"""Part of a domain that its pieces must add to the largest of them, to be pieces of it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a domain.

    Attributes:
        name: of the domain.
        size: pictures in it, of those that are in both runs.
        fate: ``same``: a domain of the other run has the same pictures, about; ``split``: several of
            the other make it up; ``merged``: it and others make up one of the other; ``part``: it
            lies in one of the other; ``gone``: none of these.
        others: names of the domains of the other run that this is about.
        jaccard: overlap with the one that overlaps most, 0 to 1.
    """

    name: str
    size: int
    fate: str
    others: tuple[str, ...]
    jaccard: float


def fates(one: Mask, other: Mask, names: Sequence[str], theirs: Sequence[str]) -> tuple[Fate, ...]:
    """Return what became of the domains ``one`` ``(n, K)`` in ``other`` ``(n, L)``.

    Seen from the other run the same rules say what became of its domains in this one: what is gone
    there has appeared here.

    Args:
        one: members of the domains; a domain without pictures is left out.
        other: members of the domains of the other run.
        names: of ``one``.
        theirs: of ``other``.
    """
    size = one.sum(axis=0)
    inside = one.T.astype(np.float64) @ other > MOSTLY * np.maximum(size, 1)[:, None]
    jaccard = overlap(one, other)
    same = dict(matched(jaccard))
    mine, others = _pieces(one, other), _pieces(other, one)

    def told(k: int) -> tuple[str, list[int]]:
        if mine[k]:
            return SPLIT, mine[k]
        if k in same:
            return MERGED if others[same[k]] else SAME, [same[k]]
        wholes = [j for j, parts in enumerate(others) if k in parts]
        if wholes:
            return MERGED, wholes[:1]
        around = np.flatnonzero(inside[k])
        nearest = around[np.argsort(-jaccard[k, around], kind="stable")][:1].tolist()
        return (PART, nearest) if nearest else (GONE, [])

    found = []
    for k in np.flatnonzero(size).tolist():
        fate, about = told(k)
        best = float(jaccard[k].max(initial=0.0))
        found.append(
            Fate(names[k], int(size[k]), fate, tuple(theirs[j] for j in about), round(best, 4))
        )
    return tuple(found)


def _pieces(wholes: Mask, others: Mask) -> list[list[int]]:
    """Return for each of ``wholes`` ``(n, K)`` the ``others`` ``(n, L)`` that it is made of, if several are.

    They lie in it, are most of it together, and none of them is nearly all of that: a small
    domain within one that is there on both sides makes no difference.
    """
    found = []
    for whole in wholes.T:
        lying = np.flatnonzero((others & whole[:, None]).sum(axis=0) > MOSTLY * others.sum(axis=0))
        parts = others[:, lying] & whole[:, None]
        covered, largest = parts.any(axis=1).sum(), parts.sum(axis=0).max(initial=0)
        several = covered > MOSTLY * whole.sum() and covered - largest >= MORE * whole.sum()
        found.append(lying.tolist() if several else [])
    return found
