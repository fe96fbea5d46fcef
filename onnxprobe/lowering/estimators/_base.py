"""What it takes to write one kind of estimator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

Transform = Callable[[Writer, Any, Flow], Flow]
Decide = Callable[[Writer, Any, Flow], Decision]


@dataclass(frozen=True, slots=True)
class Rule:
    """How an estimator is written; what it cannot do is left out.

    Attributes:
        name: its class in scikit-learn.
        transform: ``estimator.transform``.
        decide: ``decision_function``, ``predict_proba`` and ``predict`` of a classifier or
            clusterer.
        decide_all: the same of one that answers several questions.
        predict: ``predict`` of a regressor, ``(N, k)``.
    """

    name: str
    transform: Transform | None = None
    decide: Decide | None = None
    decide_all: Callable[[Writer, Any, Flow], tuple[Decision, ...]] | None = None
    predict: Transform | None = None
