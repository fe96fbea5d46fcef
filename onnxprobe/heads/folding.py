"""Fold what comes before a linear map into it, so that a head is one Gemm."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating]


def folded(
    weight: Matrix, bias: Matrix, *, center: Matrix, transform: Matrix
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weight and bias that act on ``x`` as the given ones do on ``(x - center) @ transform``.

    Computed in float64. Scaling by ``s`` is the transform ``diag(1 / s)``, which may be given as
    the vector ``1 / s``; whitening is a full matrix.

    Args:
        weight: ``(K, m)``.
        bias: ``(K,)``.
        center: ``(d,)``.
        transform: ``(d, m)``, or ``(d,)`` for its diagonal.
    """
    wide = weight.astype(np.float64)
    turned = wide * transform if transform.ndim == 1 else wide @ transform.T.astype(np.float64)
    moved = bias.astype(np.float64) - turned @ center.astype(np.float64)
    return turned.astype(np.float32), moved.astype(np.float32)
