"""From decisions to the outputs every head has: scores, the best class, and how sure it is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.value import Dim, Value
from onnxprobe.lowering.decision import PROBABILITY, Decision
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_FEWEST: Final = 2


def answered(write: Writer, decision: Decision, name: str, batch: Dim) -> list[Value]:
    """Write ``<name>_scores``, ``<name>_id`` and ``<name>_confidence``; return what they are.

    Raises:
        LoweringError: there is nothing to choose from, or nothing to choose by.
    """
    count = len(decision.classes)
    if count < _FEWEST:
        only = f", {decision.classes[0]!s}" if count else ""
        raise LoweringError(f"{name!r} was fitted on one class{only}; a head needs two or more")
    scores = _scores(write, decision)
    best = _best(write, decision, scores)
    values = [
        Value(f"{name}_scores", "float32", (batch, count)),
        Value(f"{name}_id", "int64", (batch, 1)),
        Value(f"{name}_confidence", "float32", (batch, 1)),
    ]
    write.cast(scores, "float32", out=values[0].name)
    write.op("Identity", best, out=values[1].name)
    sure = _of_best(write, scores, best, count) if decision.best else _largest(write, scores)
    write.cast(sure, "float32", out=values[2].name)
    return values


def chosen(write: Writer, decision: Decision) -> str:
    """Write ``(N, K)``, true where the class is the answer."""
    scores = (
        "" if decision.best or decision.ranking or decision.margin else _scores(write, decision)
    )
    return at(write, _best(write, decision, scores), len(decision.classes))


def _best(write: Writer, decision: Decision, scores: str) -> str:
    if decision.best:
        return decision.best
    return write.op("ArgMax", _ranking(write, decision, scores), axis=1, keepdims=1)


def kind_of(decision: Decision) -> str:
    """Say what the scores are."""
    return decision.kind if decision.probability is None else PROBABILITY


def valued(write: Writer, flow: Flow, name: str, batch: Dim) -> list[Value]:
    """Write ``<name>_values``; return what it is."""
    value = Value(f"{name}_values", "float32", (batch, flow.width))
    write.cast(write.settled(flow), "float32", out=value.name)
    return [value]


def _scores(write: Writer, decision: Decision) -> str:
    if decision.probability is not None:
        return decision.probability()
    if decision.margin is None:
        raise LoweringError("a classifier with neither margins nor probabilities gives no scores")
    return write.settled(decision.margin)


def _ranking(write: Writer, decision: Decision, scores: str) -> str:
    if decision.ranking is not None:
        return decision.ranking
    return scores if decision.margin is None else write.settled(decision.margin)


def _largest(write: Writer, scores: str) -> str:
    return write.reduce("ReduceMax", scores, [1], keepdims=1)


def _of_best(write: Writer, scores: str, best: str, count: int) -> str:
    """Pick the score of the answer; GatherElements is not there before opset 11."""
    lowest = write.array(np.finfo(np.float32).min)
    return _largest(write, write.op("Where", at(write, best, count), scores, lowest))


def at(write: Builder, best: str, count: int) -> str:
    """Write ``(N, K)``, true where the class is the answer.

    By float32: OpenCV 4.8 compares whole numbers wrongly.
    """
    apart = write.op("Sub", write.op("Cast", best, to=1), write.constant(_upto(count)))
    return write.op("Less", write.op("Abs", apart), write.number(0.5))


def _upto(count: int) -> NDArray[np.float32]:
    return np.arange(count, dtype=np.float32)[None]
