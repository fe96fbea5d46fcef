"""As many of each domain."""

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import SelectionError
from onnxprobe.select._base import Chosen, Pool, Wanted, Way, unscored


def shares(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return how many to take of groups of ``sizes`` so that they are ``count`` and as even as can be.

    What a small group cannot give is asked of the others. Where it does not come out even, the
    first give one more.

    >>> shares(np.array([3, 100, 50]), 40).tolist()
    [3, 19, 18]
    """
    count = min(count, int(sizes.sum()))
    level = np.zeros(len(sizes), np.int64)
    while (left := count - int(level.sum())) > 0:
        open_ = np.flatnonzero(level < sizes)
        more = max(1, left // len(open_))
        taking = open_[:left]
        level[taking] = np.minimum(level[taking] + more, sizes[taking])
    return level


def _choose(pool: Pool, wanted: Wanted) -> Chosen:
    count = wanted.needed("balanced")
    member = pool.domains.grouping.member[pool.rows]
    if not member.any():
        raise SelectionError("none of the pictures is in a domain, so there is nothing to balance")
    # a picture in several domains counts for the smallest, which has no other to give
    size = np.where(member, member.sum(axis=0), len(member) + 1)
    home = np.where(member.any(axis=1), size.argmin(axis=1), -1)
    random, chosen = np.random.default_rng(wanted.seed), []
    groups = [np.flatnonzero(home == k) for k in range(member.shape[1])]
    for rows, take in zip(groups, shares(np.array(list(map(len, groups))), count), strict=True):
        chosen.append(np.sort(random.permutation(rows)[:take]))
    return unscored(np.concatenate(chosen))


BALANCED = Way(
    "balanced",
    "as many of each domain, drawn at random; a picture in several counts for the smallest; no score",
    _choose,
)
