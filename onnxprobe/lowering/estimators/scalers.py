"""Scalers: one affine map along each axis, some of them clipped; and Normalizer, which is none."""

from typing import Any, Final

import numpy as np

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_NO_NORM: Final = 10 * float(np.finfo(np.float64).eps)
"""Below it scikit-learn takes a norm for zero, and leaves the row as it is."""


def _standard(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001  a rule's form
    center = estimator.mean_ if estimator.with_mean else 0.0
    return flow.then(_divided(estimator.scale_ if estimator.with_std else None, center, flow.width))


def _robust(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    center = estimator.center_ if estimator.with_centering else 0.0
    return flow.then(
        _divided(estimator.scale_ if estimator.with_scaling else None, center, flow.width)
    )


def _largest(write: Writer, estimator: Any, flow: Flow) -> Flow:
    scaled = flow.then(_divided(estimator.scale_, 0.0, flow.width))
    return _clipped(write, scaled, -1.0, 1.0) if getattr(estimator, "clip", False) else scaled


def _range(write: Writer, estimator: Any, flow: Flow) -> Flow:
    low, high = estimator.feature_range
    center = (
        low - estimator.min_
    ) / estimator.scale_  # where x * scale_ + min_ is low: nothing cancels
    scaled = flow.then(Affine.of(estimator.scale_, low, center))
    return _clipped(write, scaled, low, high) if estimator.clip else scaled


def _binarized(write: Writer, estimator: Any, flow: Flow) -> Flow:
    above = write.op("Greater", write.settled(flow), write.array(estimator.threshold))
    return Flow(write.yes_no(above), flow.width)


def _normalized(write: Writer, estimator: Any, flow: Flow) -> Flow:
    x = write.settled(flow)
    norm = _NORMS[estimator.norm](write, x)
    tiny = write.op("Less", norm, write.array(_NO_NORM))
    return Flow(write.op("Div", x, write.op("Where", tiny, write.array(1.0), norm)), flow.width)


def _maximum(write: Writer, x: str) -> str:
    return write.reduce("ReduceMax", write.op("Abs", x), [1], keepdims=1)


def _length(write: Writer, x: str) -> str:
    """Divide by the largest first: the squares of small or large numbers leave float32."""
    largest = _maximum(write, x)
    there = write.op("Greater", largest, write.array(0.0))
    unit = write.op("Where", there, largest, write.array(1.0))
    inside = write.reduce("ReduceL2", write.op("Div", x, unit), [1], keepdims=1)
    return write.op("Mul", inside, unit)


def _sum(write: Writer, x: str) -> str:
    return write.reduce("ReduceSum", write.op("Abs", x), [1], keepdims=1)


_NORMS: Final = {"l1": _sum, "l2": _length, "max": _maximum}


def _divided(scale: Any, center: Any, width: int) -> Affine:
    return Affine.of(
        np.ones(width) if scale is None else 1 / np.asarray(scale, np.float64), center=center
    )


def _clipped(write: Writer, flow: Flow, low: float, high: float) -> Flow:
    above = write.op("Max", write.settled(flow), write.array(low))
    return Flow(write.op("Min", above, write.array(high)), flow.width)


SCALERS: Final = (
    Rule("StandardScaler", transform=_standard),
    Rule("RobustScaler", transform=_robust),
    Rule("MaxAbsScaler", transform=_largest),
    Rule("MinMaxScaler", transform=_range),
    Rule("Binarizer", transform=_binarized),
    Rule("Normalizer", transform=_normalized),
)
