"""Balanced logistic regression of many domains at once, and what turns its answers into shares."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recipes.heads.heldout import Mask
from recipes.vectors.whitening import Vectors

Real = NDArray[np.float64]
_ITERATIONS: Final = 200
_TOLERANCE: Final = 1e-5


def fit(
    z: Vectors, member: Mask, used: Mask, stands_for: Vectors | None = None, *, penalty: float
) -> tuple[Real, Real]:
    """Fit one judge a column on ``z`` ``(n, m)``; return weights ``(K, m)`` and biases ``(K,)``.

    Column k learns from the rows in ``used[:, k]``, and rows inside and outside its domain weigh
    half each, however rare it is. All columns share the two matrix products of each step, which
    makes a hundred domains as cheap as a few.

    Args:
        z: rows of mean square length about 1.
        member: ``(n, K)``.
        used: ``(n, K)``.
        stands_for: ``(n,)`` how many rows each stands for; one where left out.
        penalty: on half the squared length of a column's weights.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    (_, m), k = z.shape, member.shape[1]
    sign = np.where(member, 1, -1).astype(np.float32)
    importance = _halves(
        member, used, np.ones(len(z), np.float32) if stands_for is None else stands_for
    )

    def loss(flat: Real) -> tuple[float, Real]:
        weight, bias = flat[: k * m].reshape(k, m), flat[k * m :]
        margin = sign * (z @ weight.T.astype(np.float32) + bias.astype(np.float32))
        value = (importance * np.logaddexp(0, -margin)).sum(dtype=np.float64)
        slope = -sign * importance / (1 + np.exp(np.minimum(margin, 80)))
        gradient = (slope.T @ z).astype(np.float64) + penalty * weight
        value += penalty / 2 * (weight**2).sum()
        return float(value), np.append(gradient.ravel(), slope.sum(axis=0, dtype=np.float64))

    options = {"maxiter": _ITERATIONS, "ftol": 1e-8, "gtol": _TOLERANCE}
    with threadpool_limits(1):  # products this small wait for each other more than they compute
        start = np.zeros(k * m + k)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found[: k * m].reshape(k, m), found[k * m :]


def break_even(logits: Real, member: Mask) -> float:
    """Return the threshold above which as many rows lie as belong to the domain, both ``(n,)``.

    There recall equals precision, and the share that is found is the share that is so.
    """
    ordered = np.sort(logits)
    last = len(ordered) - int(member.sum())
    return float(ordered[max(last - 1, 0) : last + 1].mean())


def calibrated(logits: Real, member: Mask) -> tuple[float, float]:
    """Return slope and offset that make ``logits`` ``(n,)`` chances (Platt 1999), fitted by Newton steps."""
    inside = int(member.sum())
    outside = len(member) - inside
    target = np.where(member, (inside + 1) / (inside + 2), 1 / (outside + 2))
    scale = max(float(np.abs(logits).max()), 1e-9)
    x = np.stack([logits / scale, np.ones(len(logits))])
    line = np.array([1.0, np.log(inside / max(outside, 1))])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(line @ x, -40, 40)))
        slope = x @ (chance - target)
        curve = (x * np.maximum(chance * (1 - chance), 1e-9)) @ x.T + 1e-6 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        line -= step / max(1.0, float(np.abs(step).max()) / 2)
        if float(np.abs(step).max()) < 1e-6:  # noqa: PLR2004
            break
    return max(float(line[0]), 1e-3) / scale, float(line[1])


def _halves(member: Mask, used: Mask, stands_for: Vectors) -> NDArray[np.float32]:
    """Return ``(n, K)`` what each row counts: those inside half of everything, those outside the other half."""
    inside = (member & used).T @ stands_for.astype(np.float64)
    outside = (~member & used).T @ stands_for.astype(np.float64)
    half = [np.asarray(0.5 / np.maximum(size, 1), np.float32) for size in (inside, outside)]
    importance = np.where(member, *half) * stands_for[:, None]
    importance[~used] = 0
    return np.asarray(importance, np.float32)
