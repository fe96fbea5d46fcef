"""Many estimators of a kind, each fitted on a part; and estimators that read what others answer."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.answers import chosen
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import both_signs, sigmoid, softmax
from onnxprobe.lowering.writer import Writer

_DROPPED: Final = "drop"


def _bagged(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """The mean of the probabilities, or of the votes where a part has none (Breiman 1996)."""
    classes = estimator.classes_
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    parts = [(part, write.decided(part, _columns(flow, features))) for part, features in pairs]
    margins = [said.margin for _, said in parts if said.margin is not None]
    margin = None
    if len(margins) == len(parts) and {each.width for each in margins} == {len(classes)}:
        margin = Flow(_mean(write, margins), len(classes))
    columns = []
    for part, said in parts:
        has = hasattr(part, "predict_proba") and said.probability is not None
        shares = said.probability() if has and said.probability else _votes(write, said)
        seen = np.asarray(part.classes_, np.int64)
        columns.append(Flow(shares, len(seen)).then(Affine.of(np.eye(len(classes))[:, seen])))
    return replace(Decision.shared(classes, _mean(write, columns)), margin=margin)


def _bagged_values(write: Writer, estimator: Any, flow: Flow) -> Flow:
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    parts = [write.predicted(part, _columns(flow, features)) for part, features in pairs]
    return Flow(_mean(write, parts), parts[0].width)


def _columns(flow: Flow, features: Any) -> Flow:
    read = np.asarray(features)
    whole = len(read) == flow.width and (read == np.arange(flow.width)).all()
    return flow if whole else flow.then(Affine.of(np.eye(flow.width)[read]))


def _mean(write: Writer, parts: list[Flow]) -> str:
    """Divided last, so that equal votes stay equal."""
    tensors = [write.settled(part) for part in parts]
    if len(tensors) == 1:
        return tensors[0]
    return write.op("Div", write.op("Sum", *tensors), write.array(float(len(tensors))))


def _votes(write: Writer, said: Decision) -> str:
    return write.yes_no(chosen(write, said))


def _boosted(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """SAMME (Zhu et al. 2009): every part votes for one class, and against all others."""
    count = len(estimator.classes_)
    if count != len(estimator.estimators_[0].classes_):
        raise LoweringError(
            f"{type(estimator).__name__}: a classifier in it has not seen all classes"
        )
    weights = np.asarray(estimator.estimator_weights_[: len(estimator.estimators_)], np.float64)
    whole = estimator.estimator_weights_.sum()
    scaled = []
    for part, weight in zip(estimator.estimators_, weights, strict=True):
        for_it = Flow(_votes(write, write.decided(part, flow)), count)
        against = -weight / (count - 1)
        scaled.append(
            write.settled(for_it.then(Affine.of(np.full(count, weight - against), against)))
        )
    total = scaled[0] if len(scaled) == 1 else write.op("Sum", *scaled)
    margin = Flow(total, count).then(Affine.of(np.full(count, 1 / whole)))
    margin = Flow(write.settled(margin), count)
    if count == 2:  # noqa: PLR2004  two classes: twice the margin of the second, whose sigmoid is softmax
        twice = both_signs(write, write.column(margin, 1).then(Affine.of([2.0])))
        return Decision(estimator.classes_, twice, sigmoid(write, twice), logit=twice)
    link = softmax(write, margin.then(Affine.of(np.full(count, 1 / (count - 1)))))
    return Decision(estimator.classes_, margin, link)


def _stacked(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """A classifier that reads what others answer (Wolpert 1992)."""
    parts = [_answer(write, estimator, part, how, flow) for part, how in _asked(estimator)]
    said = write.decided(estimator.final_estimator_, _with_input(write, estimator, parts, flow))
    return replace(said, classes=estimator.classes_)


def _stacked_values(write: Writer, estimator: Any, flow: Flow) -> Flow:
    parts = [write.predicted(part, flow) for part, _ in _asked(estimator)]
    return write.predicted(estimator.final_estimator_, _with_input(write, estimator, parts, flow))


def _asked(estimator: Any) -> Iterator[tuple[Any, str]]:
    for part, how in zip(estimator.estimators_, estimator.stack_method_, strict=True):
        if part != _DROPPED:
            yield part, how


def _with_input(write: Writer, estimator: Any, parts: list[Flow], flow: Flow) -> Flow:
    return write.side_by_side([*parts, flow] if estimator.passthrough else parts)


def _answer(write: Writer, estimator: Any, part: Any, how: str, flow: Flow) -> Flow:
    said, two = write.decided(part, flow), len(estimator.classes_) == 2  # noqa: PLR2004
    if how == "predict":
        index = write.op("ArgMax", write.yes_no(chosen(write, said)), axis=1, keepdims=1)
        return Flow(write.cast(index, write.precision), 1)
    if how == "predict_proba" and said.probability is not None:
        found = Flow(said.probability(), len(said.classes))
    elif how == "decision_function" and said.margin is not None:
        found = said.margin
    else:
        raise LoweringError(f"{type(estimator).__name__}: {type(part).__name__} has no {how}")
    return write.column(found, 1) if two else found


def _mean_of_values(write: Writer, estimator: Any, flow: Flow) -> Flow:
    parts = [write.predicted(part, flow) for part in estimator.estimators_]
    given = estimator._weights_not_none  # noqa: SLF001  those of parts that were not dropped
    weights = np.ones(len(parts)) if given is None else np.asarray(given, np.float64)
    return write.side_by_side(parts).then(Affine.of(weights[None] / weights.sum()))


ENSEMBLES: Final = (
    Rule("AdaBoostClassifier", decide=_boosted),
    Rule("BaggingClassifier", decide=_bagged),
    Rule("BaggingRegressor", predict=_bagged_values),
    Rule("StackingClassifier", decide=_stacked),
    Rule("StackingRegressor", predict=_stacked_values),
    Rule("VotingRegressor", predict=_mean_of_values),
)
