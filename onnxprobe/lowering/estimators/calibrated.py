"""Classifiers whose scores were calibrated: Platt's sigmoid, isotonic steps, or a temperature."""

from dataclasses import replace
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
    parted_shares,
    ranked_in_parts,
    shared_sigmoid,
    shares,
    sigmoid,
    softmax,
    told_apart,
)
from onnxprobe.lowering.writer import Writer

_BINARY: Final = 2
_FAR: Final = 1e38
"""Beyond every score."""
_NO_ZERO: Final = 1e-12
"""What scikit-learn adds to a probability before it takes the logarithm."""


def _calibrated(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """The mean over the folds, each with a classifier and its calibrators."""
    parts = [_fold(write, fold, flow) for fold in estimator.calibrated_classifiers_]
    if len(parts) == 1:
        return parts[0]
    mean = averaged(write, parts, np.full(len(parts), 1 / len(parts)))
    halves = [part.parted() for part in parts if part.parted is not None]
    ranking = ranked_in_parts(write, halves) if len(halves) == len(parts) else mean
    return replace(Decision.shared(estimator.classes_, mean), ranking=ranking)


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
        return Decision.shared(fold.classes, both)
    placed = write.settled(_placed(fold, Flow(alone, len(columns))))
    whole = shares(write, placed, len(fold.classes), empty=1 / len(fold.classes))
    return Decision.shared(fold.classes, whole)


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
    if len(a) < len(fold.classes):
        return Decision.shared(fold.classes, whole)
    return Decision(
        fold.classes,
        probability=lambda: whole,
        ranking=told_apart(write, logit),
        parted=lambda: parted_shares(write, logit, whole),
    )


def _placed(fold: Any, flow: Flow) -> Flow:
    """Put the columns of the classes that the fold has seen among all classes."""
    seen = [list(fold.classes).index(label) for label in fold.estimator.classes_]
    if len(seen) == len(fold.classes):
        return flow
    return flow.then(Affine.of(np.eye(len(fold.classes))[:, seen]))


def _steps(write: Writer, calibrator: Any, scores: Flow, index: int) -> Flow:
    """Isotonic regression: straight between its thresholds, level outside.

    Of all pieces the one that the score lies in counts. Where it is level its height comes out to
    the bit, so that classes of the same height are a tie, as they are in scikit-learn.
    """
    x, y = (np.asarray(v, np.float64) for v in (calibrator.X_thresholds_, calibrator.y_thresholds_))
    score = write.settled(write.column(scores, index))
    begin, end = np.append(-_FAR, x), np.append(x, _FAR)
    height, rise = np.append(y[0], y), np.concatenate(([0.0], np.diff(y), [0.0]))
    steep = 1 / np.maximum(end - begin, 1 / _FAR)
    here = write.within(score, begin, end)
    way = write.op("Mul", write.op("Sub", score, write.array(begin[None])), write.array(steep))
    share = write.op("Min", write.op("Max", way, write.array(0.0)), write.array(1.0))
    level = write.op("Add", write.op("Mul", share, write.array(rise)), write.array(height[None]))
    piece = write.op("Mul", here, level)
    return Flow(write.reduce("ReduceSum", piece, [1], keepdims=1), 1)


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
