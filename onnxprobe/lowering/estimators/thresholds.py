"""Classifiers of two classes that choose by a threshold of the user's, or one that was tuned."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_USUAL: Final = {"predict_proba": 0.5, "decision_function": 0.0}


def _chosen(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """The positive class where its score reaches the threshold, else the other."""
    inner = getattr(estimator, "estimator_", estimator.estimator)
    base = write.decided(inner, flow)
    wanted = estimator.response_method
    asked = next(name for name in (wanted, *_USUAL) if hasattr(inner, name))
    scores = base.margin
    if asked == "predict_proba" and base.probability is not None:
        shares = Flow(base.probability(), len(base.classes))
        base = replace(base, probability=lambda: shares.tensor)
        scores = shares
    if scores is None:
        raise LoweringError(f"{type(estimator).__name__}: the classifier in it gives no scores")
    positive = _positive(estimator, base.classes)
    score = write.settled(write.column(scores, positive))
    below = write.op("Less", score, write.array(_threshold(estimator, asked)))
    yes = write.cast(write.op("Not", below), "int64")
    best = yes if positive == 1 else write.op("Sub", write.integers(1), yes)
    return replace(base, best=best)


def _positive(estimator: Any, classes: Any) -> int:
    scorer = getattr(estimator, "_curve_scorer", None)  # of a threshold that was tuned
    label = estimator.pos_label if scorer is None else scorer._get_pos_label()  # noqa: SLF001
    return 1 if label is None else int(np.flatnonzero(np.asarray(classes) == label)[0])


def _threshold(estimator: Any, asked: str) -> float:
    if hasattr(estimator, "best_threshold_"):
        return float(estimator.best_threshold_)
    return _USUAL[asked] if estimator.threshold == "auto" else float(estimator.threshold)


THRESHOLDS: Final = (
    Rule("FixedThresholdClassifier", decide=_chosen),
    Rule("TunedThresholdClassifierCV", decide=_chosen),
)
