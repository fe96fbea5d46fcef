"""Estimators made of estimators one after the other, side by side, or chosen among many."""

from typing import Any, Final

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_NOTHING: Final = (None, "passthrough")


def _before_last(write: Writer, estimator: Any, flow: Flow) -> Flow:
    for _, step in estimator.steps[:-1]:
        flow = flow if step in _NOTHING else write.transformed(step, flow)
    return flow


def _transformed(write: Writer, estimator: Any, flow: Flow) -> Flow:
    before, last = _before_last(write, estimator, flow), estimator.steps[-1][1]
    return before if last in _NOTHING else write.transformed(last, before)


def _decided(write: Writer, estimator: Any, flow: Flow) -> Decision:
    return write.decided(estimator.steps[-1][1], _before_last(write, estimator, flow))


def _all_decided(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    return write.all_decided(estimator.steps[-1][1], _before_last(write, estimator, flow))


def _predicted(write: Writer, estimator: Any, flow: Flow) -> Flow:
    return write.predicted(estimator.steps[-1][1], _before_last(write, estimator, flow))


def _side_by_side(write: Writer, estimator: Any, flow: Flow) -> Flow:
    weights = estimator.transformer_weights or {}
    parts = []
    for name, step in estimator.transformer_list:
        if step == "drop":
            continue
        part = flow if step == "passthrough" else write.transformed(step, flow)
        if name in weights:
            part = part.then(Affine.of([weights[name]] * part.width))
        parts.append(part)
    return write.side_by_side(parts)


def _inner(estimator: Any) -> Any:
    return (
        estimator.estimator
        if type(estimator).__name__ == "FrozenEstimator"
        else estimator.best_estimator_
    )


def _standing_for(name: str) -> Rule:
    """Return the rule of an estimator that answers as another does."""
    return Rule(
        name,
        transform=lambda write, e, flow: write.transformed(_inner(e), flow),
        decide=lambda write, e, flow: write.decided(_inner(e), flow),
        decide_all=lambda write, e, flow: write.all_decided(_inner(e), flow),
        predict=lambda write, e, flow: write.predicted(_inner(e), flow),
    )


CHAINS: Final = (
    Rule("Pipeline", _transformed, _decided, _all_decided, _predicted),
    Rule("FeatureUnion", transform=_side_by_side),
    *map(
        _standing_for,
        (
            "FrozenEstimator",
            "GridSearchCV",
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
            "RandomizedSearchCV",
        ),
    ),
)
