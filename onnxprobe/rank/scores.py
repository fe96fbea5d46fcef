"""What vectors are worth, by their nearest neighbours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def similarities(of: Array, among: Array) -> Array:
    """Return the cosine of each row of ``of`` with each of ``among``, about the mean of ``among``.

    Features behind a ReLU all point the same way; without the mean taken off, what they share
    hides what tells them apart.
    """
    mean = among.mean(axis=0, dtype=np.float64)
    found: Array = _unit(of - mean) @ _unit(among - mean).T
    return found


def places(changed: Array, plain: Array) -> NDArray[np.int64]:
    """Return at which place, from 1, each row of ``changed`` has its own original among ``plain``.

    Of several that are equally near, the original counts as the last: a probe to which all
    pictures are one recognises none.
    """
    near = similarities(changed, plain)
    nearer: NDArray[np.int64] = (near >= np.diagonal(near)[:, None]).sum(axis=1, dtype=np.int64)
    return nearer


def foretold(vectors: Array, labels: NDArray[Any], *, k: int) -> float:
    """Return the share of rows whose label most of their ``k`` nearest other rows have, 0 to 1.

    Of labels with as many votes the one that is nearest wins.
    """
    near = similarities(vectors, vectors)
    np.fill_diagonal(near, -np.inf)
    k = min(k, len(vectors) - 1)
    nearest = np.argsort(-near, axis=1, kind="stable")[:, :k]
    votes = labels[nearest]
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    won = votes[np.arange(len(votes)), counts.argmax(axis=1)]
    return float((won == labels).mean())


def standard_error(share: float, count: int) -> float:
    """Return how far a ``share`` of ``count`` pictures is from that of all, as one deviation."""
    return float(np.sqrt(share * (1 - share) / count))


def _unit(x: NDArray[Any]) -> Array:
    length = np.linalg.norm(x, axis=1, keepdims=True)
    unit: Array = (x / np.where(length > 0, length, 1)).astype(np.float32)
    return unit
