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
    alone = write.settled(write.side_by_side(columns))
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


def _steps(write: Writer, calibrator: Any, scores: Flow, index: int) -> Flow:
    """Isotonic regression: straight between its thresholds, level outside.

    Every piece rises from 0 to 1 between its ends and is level elsewhere; their sum, each as high
    as it is, is the whole.
    """
    x, y = (np.asarray(v, np.float64) for v in (calibrator.X_thresholds_, calibrator.y_thresholds_))
    if len(x) == 1:
        return write.column(scores, index).then(Affine.of(np.zeros((1, 1)), y))
    score, long = write.settled(write.column(scores, index)), len(x) - 1
    slopes = Flow(write.op("Sub", score, write.array(x[None, :-1])), long)
    share = write.settled(slopes.then(Affine.of(1 / np.diff(x))))
    inside = write.op("Min", write.op("Max", share, write.array(0.0)), write.array(1.0))
    return Flow(inside, long).then(Affine.of(np.diff(y)[None], y[0]))


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
