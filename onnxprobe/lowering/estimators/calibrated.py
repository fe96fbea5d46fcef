"""Classifiers whose scores were calibrated: Platt's sigmoid, isotonic steps, or a temperature."""

from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.estimators.several import averaged
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import (
    both_signs,
    shared_sigmoid,
    shares,
    sigmoid,
    softmax,
    told_apart,
)
from onnxprobe.lowering.writer import Writer

_BINARY: Final = 2
_NO_ZERO: Final = 1e-12
"""What scikit-learn adds to a probability before it takes the logarithm."""


def _calibrated(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """The mean over the folds, each with a classifier and its calibrators."""
    parts = [_fold(write, fold, flow) for fold in estimator.calibrated_classifiers_]
    if len(parts) == 1:
        return parts[0]
    mean = averaged(write, parts, np.full(len(parts), 1 / len(parts)))
    return Decision(estimator.classes_, probability=lambda: mean, ranking=mean)


def _fold(write: Writer, fold: Any, flow: Flow) -> Decision:
    base = write.decided(fold.estimator, flow)
    if fold.method == "temperature":
        return _temperature(write, fold, base)
    scores = _scores(base)
    if fold.method == "sigmoid":
        return _platt(write, fold, scores)
    two = len(fold.classes) == _BINARY
    columns = [_steps(write, c, scores, i + int(two)) for i, c in enumerate(fold.calibrators)]
    alone = write.settled(write.side_by_side([Flow(column, 1) for column in columns]))
    if two:
        rest = write.op("Sub", write.array(1.0), alone)
        both = write.op("Concat", rest, alone, axis=1)
        return Decision(fold.classes, probability=lambda: both, ranking=both)
    placed = write.settled(_placed(fold, Flow(alone, len(columns))))
    whole = shares(write, placed, len(fold.classes), empty=1 / len(fold.classes))
    return Decision(fold.classes, probability=lambda: whole, ranking=whole)


def _scores(base: Decision) -> Flow:
    """Return what the calibrators read: margins, or probabilities where there are none."""
    if base.margin is not None:
        return base.margin
    if base.probability is None:
        raise LoweringError(
            "CalibratedClassifierCV: the classifier in it has neither margins nor probabilities"
        )
    return Flow(base.probability(), len(base.classes))


def _platt(write: Writer, fold: Any, scores: Flow) -> Decision:
    """1 / (1 + exp(a s + b)), Platt 1999; several classes as shares."""
    a, b = (
        -np.array([getattr(c, name) for c in fold.calibrators], np.float64) for name in ("a_", "b_")
    )
    if len(fold.classes) == _BINARY:
        logit = both_signs(write, write.column(scores, 1).then(Affine.of(a, b)))
        logit = Flow(write.settled(logit), logit.width)
        return Decision(fold.classes, probability=sigmoid(write, logit), ranking=logit.tensor)
    logit = scores.then(Affine.of(a, b))
    shared = Flow(shared_sigmoid(write, logit, empty=1 / len(a))(), len(a))
    whole = write.settled(_placed(fold, shared))
    ranking = whole if len(a) < len(fold.classes) else told_apart(write, logit)
    return Decision(fold.classes, probability=lambda: whole, ranking=ranking)


def _placed(fold: Any, flow: Flow) -> Flow:
    """Put the columns of the classes that the fold has seen among all classes."""
    seen = [list(fold.classes).index(label) for label in fold.estimator.classes_]
    if len(seen) == len(fold.classes):
        return flow
    return flow.then(Affine.of(np.eye(len(fold.classes))[:, seen]))


def _steps(write: Writer, calibrator: Any, scores: Flow, index: int) -> str:
    """Isotonic regression: straight between its thresholds, level outside."""
    x, y = (np.asarray(v, np.float64) for v in (calibrator.X_thresholds_, calibrator.y_thresholds_))
    if len(x) == 1:
        x, y = np.append(x, x + 1), np.append(y, y)
    score = write.settled(write.column(scores, index))
    above = write.op("Greater", score, write.array(x[None, 1:-1]))
    piece = (
        write.reduce("ReduceSum", write.yes_no(above), [1], keepdims=1)
        if len(x) > 2  # noqa: PLR2004  a single piece otherwise
        else write.op("Mul", score, write.array(0.0))
    )
    which = write.cast(piece, "int64")
    low, high = (write.op("Gather", write.array(end), which) for end in (x[:-1], x[1:]))
    bottom, rise = (write.op("Gather", write.array(v), which) for v in (y[:-1], np.diff(y)))
    share = write.op("Div", write.op("Sub", score, low), write.op("Sub", high, low))
    inside = write.op("Min", write.op("Max", share, write.array(0.0)), write.array(1.0))
    return write.op("Add", bottom, write.op("Mul", inside, rise))


def _temperature(write: Writer, fold: Any, base: Decision) -> Decision:
    """Softmax of logits times a number (Guo et al. 2017, arXiv:1706.04599)."""
    beta = float(fold.calibrators[0].beta_)
    scores = _scores(base)
    if base.margin is None:
        log = write.op("Log", write.op("Add", write.settled(scores), write.array(_NO_ZERO)))
        scores = Flow(log, scores.width)
    logit = scores.then(Affine.of(np.full(scores.width, beta)))
    logit = Flow(write.settled(logit), logit.width)
    return Decision(fold.classes, probability=softmax(write, logit), ranking=logit.tensor)


CALIBRATED: Final = (Rule("CalibratedClassifierCV", decide=_calibrated),)
