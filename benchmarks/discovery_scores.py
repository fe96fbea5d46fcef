"""How groups are held against what is known to be there."""

from typing import Final

import numpy as np
from discovery_sets import Known
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

Member = NDArray[np.bool_]
FOUND: Final = 0.5
PURE: Final = 0.8


def header() -> None:
    """Print what the columns are."""
    heads = ("found>.5", ">.8", "groups", "pure", "strange", "AMI", "covered", "CPU-s")
    print(f"  {'':40s}" + "".join(f"{head:>10s}" for head in heads))


def row(name: str, known: Known, member: Member, seconds: float) -> None:
    """Print a row: what ``member`` ``(n, K)`` finds of what is known, and what it took."""
    f1 = _f1(member, known.truth, len(known.names))
    pure = _pure(member, known)
    covered = member.any(axis=1)
    first = member.argmax(axis=1)[covered] if member.shape[1] else np.zeros(0)
    ami = adjusted_mutual_info_score(known.truth[covered], first) if covered.any() else 0.0
    figures = (
        f"{(f1 > FOUND).sum():>10d}{(f1 > PURE).sum():>10d}{member.shape[1]:>10d}{pure.sum():>10d}"
        f"{(~pure).sum():>10d}{ami:>10.2f}{covered.mean():>10.2f}{seconds:>10.1f}"
    )
    print(f"  {name:40.40s}{figures}", flush=True)
    if len(f1) <= 12:  # noqa: PLR2004
        said = "  ".join(f"{n} {f:.2f}" for n, f in zip(known.names, f1, strict=True))
        print(f"      {said}")


def _f1(member: Member, truth: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return for each truth the F1 of the best single group."""
    is_true = truth[:, None] == np.arange(1, count + 1)
    both = is_true.T.astype(np.float64) @ member
    f1 = 2 * both / (is_true.sum(axis=0)[:, None] + member.sum(axis=0))
    return np.asarray(f1.max(axis=1, initial=0.0))


def _pure(member: Member, known: Known) -> Member:
    """Mark the groups of which nearly all share a truth, or another known label."""
    return np.asarray(
        (_purity(member, known.truth - 1) >= PURE) | (_purity(member, known.also) >= PURE)
    )


def _purity(member: Member, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each group that has its most frequent label; negative labels are none."""
    most = [np.bincount(labels[rows & (labels >= 0)], minlength=1).max() for rows in member.T]
    return np.array(most) / np.maximum(member.sum(axis=0), 1)
