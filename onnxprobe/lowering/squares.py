"""Squared distances from points, and from Gaussians."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from onnxprobe.lowering.affine import Affine, stacked
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import against_best
from onnxprobe.lowering.writer import Writer

_LARGE: Final = 4096.0
"""Terms above it are known to 1e-4 at best."""
_NOTICED: Final = 1e-6
"""How far off a point may be, in units of its scale."""


def squares(write: Writer, flow: Flow, points: ArrayLike, scales: ArrayLike = 1.0) -> str:
    """Write ``((x - point) / scale) ** 2``, ``(N, K, d)``, for K points.

    Subtracting before squaring keeps small distances exact, where ``x² - 2 x p + p²`` would cancel.
    What of a point far from zero is lost in float32 is subtracted after.
    """
    where = np.asarray(points, np.float64)
    inverse = np.broadcast_to(1 / np.asarray(scales, np.float64), where.shape)
    apart = write.op("Sub", write.unsqueeze(write.settled(flow), [1]), write.array(where[None]))
    lost = where - where.astype(write.precision)
    if np.abs(lost * inverse).max(initial=0) > _NOTICED:
        apart = write.op("Sub", apart, write.array(lost[None]))
    if (inverse != 1).any():
        apart = write.op("Mul", apart, write.array(inverse[None]))
    return write.op("Mul", apart, apart)


def summed(write: Writer, terms: str) -> str:
    """Add the terms ``(N, K, d)`` up to ``(N, K)``.

    In two steps: OpenVINO (2024.6 to 2026.4, CPU) computes something else where a ReduceSum that drops
    the last of three axes is followed by a product or a sum with one number a class.
    """
    return write.squeeze(write.reduce("ReduceSum", terms, [2], keepdims=1), [2])


def summed_apart(write: Writer, terms: str) -> str:
    """Add the terms up to ``(N, K)``, less a number that is the same for all K.

    Large terms are added up by themselves, and those of the least are gone before the others count:
    a feature that never varies in its class gives 1e9, beside which float32 has no digits left.
    """
    large, none = write.op("Less", write.array(_LARGE), terms), write.array(0.0)
    first, second = (
        write.op("Neg", summed(write, against_first(write, part)))
        for part in (write.op("Where", large, terms, none), write.op("Where", large, none, terms))
    )
    return write.op("Neg", against_best(write, first, second))


def against_first(write: Writer, terms: str) -> str:
    """Subtract the terms of the first point from those of all.

    What is the same for all points, however large, is then gone before anything is added up; the
    differences between the sums are as they were.
    """
    return write.op("Sub", terms, write.slice(terms, [0], [1], [1]))


def gaussian_squares(write: Writer, flow: Flow, means: Sequence[Any], turns: Sequence[Any]) -> Flow:
    """Write the squared Mahalanobis distance from K Gaussians, ``(N, K)``.

    Args:
        write: the graph.
        flow: ``(N, d)``.
        means: K of ``(d,)``.
        turns: K of ``(d, r)``: ``(x - mean) @ turn`` has unit variance.
    """
    maps = [Affine.of(turn.T, center=mean) for mean, turn in zip(means, turns, strict=True)]
    turned = write.settled(flow.then(stacked(maps)))
    owner = np.repeat(np.eye(len(maps)), [a.sizes[0] for a in maps], axis=1)
    squared = write.op("Mul", turned, turned)
    return Flow(squared, owner.shape[1]).then(Affine.of(owner))
