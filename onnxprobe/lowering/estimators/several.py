"""Classifiers made of several: one a class, one a pair of classes, one a question, or a vote."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.answers import chosen
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import both_signs, shared_sigmoid, shares, told_apart
from onnxprobe.lowering.pairs import ranked
from onnxprobe.lowering.writer import Writer

_THERE: Final = np.arange(2)
"""What a label that a sample may have is asked: no, or yes."""


def _one_a_class(write: Writer, estimator: Any, flow: Flow) -> Decision:
    parts = [_of_two(write, part, flow) for part in estimator.estimators_]
    if len(parts) == 1:
        only = parts[0]
        ranking = None if only.margin is not None else only.ranking
        return Decision(
            estimator.classes_, only.margin, only.probability, only.logit, ranking=ranking
        )
    margins = [part.margin for part in parts if part.margin is not None]
    margin = _second_columns(write, margins) if len(margins) == len(parts) else None
    logits = [part.logit for part in parts if part.logit is not None]
    count = len(parts)
    if len(logits) == count:
        joint = (
            margin if margin is not None and logits == margins else _second_columns(write, logits)
        )
        floor = parts[0].floor
        probability = shared_sigmoid(write, joint, empty=0.0, floor=floor)
        ranking = told_apart(write, joint, floor) if margin is None else None
        return Decision(estimator.classes_, margin, probability, ranking=ranking)
    if any(part.probability is None for part in parts):
        return Decision(estimator.classes_, margin)
    alone = _probabilities(write, parts)
    return Decision(
        estimator.classes_,
        margin,
        lambda: shares(write, alone, count, empty=0.0),
        ranking=alone if margin is None else None,
    )


def _one_a_label(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    """Each label is there or not, by itself."""
    parts = (_of_two(write, part, flow) for part in estimator.estimators_)
    return tuple(
        replace(part, classes=_THERE, best=None, ranking=None if part.margin else part.ranking)
        for part in parts
    )


def _one_after_another(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    """Every classifier reads what those before it in the chain say too (Read et al. 2009)."""
    how, read = getattr(estimator, "chain_method_", "predict"), flow
    found: dict[int, Decision] = {}
    for label, part in zip(estimator.order_, estimator.estimators_, strict=True):
        said = found[int(label)] = write.decided(part, read)
        read = write.side_by_side([read, _passed_on(write, said, how)])
    return tuple(found[label] for label in sorted(found))


def _passed_on(write: Writer, said: Decision, how: str) -> Flow:
    if how == "predict":
        labels = np.asarray(said.classes, np.float64)[None]
        return Flow(write.yes_no(chosen(write, said)), len(said.classes)).then(Affine.of(labels))
    if how == "predict_proba" and said.probability is not None:
        return write.column(Flow(said.probability(), len(said.classes)), 1)
    if how == "decision_function" and said.margin is not None:
        return write.column(said.margin, 1)
    raise LoweringError(f"ClassifierChain: a classifier in it has no {how}")


def _values_one_after_another(write: Writer, estimator: Any, flow: Flow) -> Flow:
    read, found = flow, dict[int, Flow]()
    for target, part in zip(estimator.order_, estimator.estimators_, strict=True):
        found[int(target)] = write.predicted(part, read)
        read = write.side_by_side([read, found[int(target)]])
    return write.side_by_side([found[target] for target in sorted(found)])


def _of_two(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """Return the decision of a part of two classes; one that saw a single class says always that."""
    if type(estimator).__name__ == "_ConstantPredictor":
        said = float(np.ravel(estimator.y_)[0])
        zero = flow.then(Affine.of(np.zeros((1, flow.width)), said))
        sure = Flow(
            write.settled(flow.then(Affine.of(np.zeros((2, flow.width)), [1 - said, said]))), 2
        )
        return Decision(np.arange(2), both_signs(write, zero), lambda: sure.tensor)
    return write.decided(estimator, flow)


def _second_columns(write: Writer, flows: Sequence[Flow]) -> Flow:
    return write.side_by_side([write.column(flow, 1) for flow in flows])


def _probabilities(write: Writer, parts: Sequence[Decision]) -> str:
    written = [part.probability() for part in parts if part.probability is not None]
    return write.settled(_second_columns(write, [Flow(tensor, 2) for tensor in written]))


def _one_a_pair(write: Writer, estimator: Any, flow: Flow) -> Decision:
    if estimator.pairwise_indices_ is not None:
        raise LoweringError(
            "OneVsOneClassifier on a kernel computed beforehand has no form in ONNX"
        )
    parts = [write.decided(part, flow) for part in estimator.estimators_]
    margins = [part.margin for part in parts if part.margin is not None]
    for_second = (
        _second_columns(write, margins)
        if len(margins) == len(parts)
        else Flow(_probabilities(write, parts), len(parts))
    )
    threshold = write.array(0.0 if margins else 0.5)
    second = write.settled(for_second)
    won = (
        write.settled(_second_columns(write, [_vote(write, part) for part in parts]))
        if any(map(_decides_otherwise, parts))
        else write.yes_no(write.op("Greater", second, threshold))
    )
    first = write.op("Sub", write.array(1.0), won)
    against = Flow(second, len(parts)).then(Affine.of(np.full(len(parts), -1.0)))
    found, ranking = ranked(write, first, against, len(estimator.classes_))
    if found.width == 2:  # noqa: PLR2004  two classes: the margin is that of the second
        of_second = write.column(found, 1)
        best = write.cast(write.op("Greater", write.settled(of_second), threshold), "int64")
        return Decision(estimator.classes_, both_signs(write, of_second), best=best)
    return Decision(estimator.classes_, found, ranking=ranking)


def _decides_otherwise(part: Decision) -> bool:
    """Tell whether the answer is not what the sign of the margin says."""
    return part.best is not None or (part.margin is not None and part.ranking is not None)


def _vote(write: Writer, part: Decision) -> Flow:
    return Flow(write.yes_no(chosen(write, part)), len(part.classes))


def _one_a_question(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    return tuple(write.decided(part, flow) for part in estimator.estimators_)


def _one_a_target(write: Writer, estimator: Any, flow: Flow) -> Flow:
    return write.side_by_side([write.predicted(part, flow) for part in estimator.estimators_])


def _soft_vote(write: Writer, estimator: Any, flow: Flow) -> Decision:
    if estimator.voting != "soft":
        raise LoweringError("VotingClassifier gives scores with voting='soft' only")
    parts = [write.decided(part, flow) for part in estimator.estimators_]
    if any(part.probability is None for part in parts):
        raise LoweringError("VotingClassifier: a classifier in it has no probabilities")
    given = estimator._weights_not_none  # noqa: SLF001  those of parts that were not dropped
    shares_ = np.ones(len(parts)) if given is None else np.asarray(given, np.float64)
    mean = averaged(write, parts, shares_ / shares_.sum())
    return Decision.shared(estimator.classes_, mean)


def averaged(write: Writer, parts: Sequence[Decision], weights: Any) -> str:
    """Write the weighted mean of the probabilities of several classifiers."""
    written = [part.probability() for part in parts if part.probability is not None]
    scaled = [
        write.op("Mul", tensor, write.array(weight))
        for tensor, weight in zip(written, weights, strict=True)
    ]
    return scaled[0] if len(scaled) == 1 else write.op("Sum", *scaled)


SEVERAL: Final = (
    Rule("ClassifierChain", decide_all=_one_after_another),
    Rule("OneVsRestClassifier", decide=_one_a_class, decide_all=_one_a_label),
    Rule("OneVsOneClassifier", decide=_one_a_pair),
    Rule("MultiOutputClassifier", decide_all=_one_a_question),
    Rule("MultiOutputRegressor", predict=_one_a_target),
    Rule("RegressorChain", predict=_values_one_after_another),
    Rule("VotingClassifier", decide=_soft_vote),
)
