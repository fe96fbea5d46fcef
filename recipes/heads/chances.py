"""From logits to chances that hold: shares put right, then one temperature (Guo et al. 2017)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.floating]
Labels = NDArray[np.int64]
_FEW: Final = 2.0
"""Rows that are added to what was counted, so that small classes are not corrected by chance."""
_CLOSE: Final = 0.02
_ROUNDS: Final = 60


def evened(logits: Real, labels: Labels) -> tuple[float, Real]:
    """Return scale and offsets ``(K,)``, so that ``scale * logits + offsets`` are honest chances.

    With the offsets each class is the best answer about as often as it occurs, which a fit to
    balanced classes undoes; the scale makes the highest score the part of rows that are right.

    Args:
        logits: ``(n, K)`` of rows that the head was not fitted on.
        labels: ``(n,)`` what they are.
    """
    first = temperature(logits, labels)
    offsets = _offsets(logits * first, labels)
    second = temperature(logits * first + offsets, labels)
    return first * second, offsets * second


def temperature(logits: Real, labels: Labels) -> float:
    """Return the scale of the logits under which the labels are likeliest."""
    from scipy.optimize import minimize_scalar

    centered = logits - logits.max(axis=1, keepdims=True)
    own = centered[np.arange(len(labels)), labels]
    size = max(float(np.abs(centered).mean()), 1e-12)

    def surprise(power: float) -> float:
        scale = np.exp(power) / size
        total = np.log(np.exp(scale * centered).sum(axis=1))
        return float((total - scale * own).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-5, 5), method="bounded").x) / size)


def _offsets(logits: Real, labels: Labels) -> Real:
    """Return the offsets tried under which the worst share is nearest to what it should be."""
    count = logits.shape[1]
    wanted = np.bincount(labels, minlength=count) + _FEW
    offsets, best, least = np.zeros(count), np.zeros(count), np.inf
    for step in range(_ROUNDS):
        said = np.bincount((logits + offsets).argmax(axis=1), minlength=count) + _FEW
        gap = np.log(said / wanted)
        if (worst := float(np.abs(gap).max())) < least:
            best, least = offsets.copy(), worst
        if worst < _CLOSE:
            break
        offsets -= gap / (1 + step / 10)
    return np.asarray(best - best.mean())
