"""Kernels between samples and points that are written in the file."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel of ``sklearn.metrics.pairwise``, in the words of libsvm."""

    kernel: str
    degree: float
    coef0: float
    _gamma: float

    @classmethod
    def of(cls, estimator: Any, width: int) -> "Kernel":
        """Return that of an estimator that leaves what was not said to the metric.

        Raises:
            LoweringError: it has no form in ONNX.
        """
        said, usual = (estimator.degree, estimator.coef0, estimator.gamma), (3, 1, 1 / width)
        numbers = (b if a is None else a for a, b in zip(said, usual, strict=True))
        called = "poly" if estimator.kernel == "polynomial" else estimator.kernel
        require_kernel(estimator, called)
        return cls(called, *numbers)


def require_kernel(estimator: Any, kernel: Any) -> None:
    """Raise where the kernel of ``estimator`` has no form in ONNX.

    Raises:
        LoweringError: it is the user's own, or computed beforehand.
    """
    if not isinstance(kernel, str) or kernel not in _KERNELS:
        called = kernel if isinstance(kernel, str) else getattr(kernel, "__name__", "of its own")
        raise LoweringError(
            f"{type(estimator).__name__} with kernel {called!r} has no form in ONNX; there is linear, rbf, "
            "poly and sigmoid"
        )


def radial(write: Writer, flow: Flow, points: Points, gamma: float) -> Flow:
    """Write exp(-gamma |x - p|²), ``(N, K)``, as |x|² - 2 x p + |p|² around the points' mean."""
    middle = points.mean(axis=0)
    near = flow.then(Affine.of(np.ones(flow.width), center=middle))
    x, p = write.settled(near), points - middle
    length = write.reduce("ReduceSum", write.op("Mul", x, x), [1], keepdims=1)
    rest = write.settled(Flow(x, flow.width).then(Affine.of(-2 * p, (p**2).sum(axis=1))))
    apart = write.op("Max", write.op("Add", rest, length), write.array(0.0))
    return Flow(write.op("Exp", write.op("Mul", apart, write.array(-gamma))), len(points))


def kernel(write: Writer, flow: Flow, points: Any, how: Any) -> Flow:
    """Write the kernel of every sample with every point, ``(N, K)``.

    Args:
        write: the graph.
        flow: ``(N, d)``.
        points: ``(K, d)``, maybe sparse.
        how: an estimator with ``kernel``, ``degree``, ``coef0`` and ``_gamma`` as libsvm has them.

    Raises:
        LoweringError: a kernel of the user's own, or one computed beforehand.
    """
    require_kernel(how, how.kernel)
    dense = np.asarray(points.toarray() if hasattr(points, "toarray") else points, np.float64)
    if how.kernel == "linear":
        return flow.then(Affine.of(dense))
    if how.kernel == "rbf":
        return radial(write, flow, dense, how._gamma)  # noqa: SLF001  what "scale" came to
    product = flow.then(Affine.of(dense * how._gamma, how.coef0))  # noqa: SLF001
    return _OF_PRODUCT[how.kernel](write, product, how)


def _power(write: Writer, product: Flow, how: Any) -> Flow:
    raised = write.op("Pow", write.settled(product), write.array(float(how.degree)))
    return Flow(raised, product.width)


def _tangent(write: Writer, product: Flow, how: Any) -> Flow:  # noqa: ARG001  a kernel's form
    return write.mapped("Tanh", product)


_OF_PRODUCT: Final = {"poly": _power, "sigmoid": _tangent}
_KERNELS: Final = ("linear", "rbf", *_OF_PRODUCT)
