"""Linear classifiers: one affine map, then a link that depends on how it was trained."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import both_signs, per_class, shared_sigmoid, shares, sigmoid, softmax
from onnxprobe.lowering.writer import Writer

_BINARY: Final = 2


def margin_of(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Return the margins ``(N, K)`` of an estimator with ``coef_`` and ``intercept_``."""
    return per_class(write, flow.then(affine_of(estimator)))


def affine_of(estimator: Any) -> Affine:
    """Return ``x @ coef_.T + intercept_``."""
    coef = estimator.coef_
    return Affine.of(coef if coef.ndim > 1 else np.atleast_2d(coef), estimator.intercept_)


def _margin_only(write: Writer, estimator: Any, flow: Flow) -> Decision:
    return Decision(estimator.classes_, margin_of(write, estimator, flow))


def _margin_a_label(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    """Several labels a sample: each is there or not, by itself."""
    margins = flow.then(affine_of(estimator))
    each = (both_signs(write, write.column(margins, i)) for i in range(margins.width))
    return tuple(Decision(np.arange(2), margin) for margin in each)


def _logistic(write: Writer, estimator: Any, flow: Flow) -> Decision:
    margin = margin_of(write, estimator, flow)
    trained = getattr(
        estimator, "multi_class", "deprecated"
    )  # scikit-learn before 1.8 has a choice
    if trained != "multinomial" and margin.width == _BINARY:
        return _sigmoid(write, estimator, margin)
    one_by_one = trained == "ovr" or (trained != "multinomial" and estimator.solver == "liblinear")
    link = _shared(write, margin) if one_by_one else softmax(write, margin)
    return Decision(estimator.classes_, margin, link)


def _discriminant(write: Writer, estimator: Any, flow: Flow) -> Decision:
    margin = margin_of(write, estimator, flow)
    if margin.width == _BINARY:
        return _sigmoid(write, estimator, margin)
    return Decision(estimator.classes_, margin, softmax(write, margin))


def _descent(write: Writer, estimator: Any, flow: Flow) -> Decision:
    margin = margin_of(write, estimator, flow)
    if estimator.loss == "modified_huber":
        return Decision(estimator.classes_, margin, lambda: _huber(write, margin))
    if estimator.loss != "log_loss":
        return Decision(estimator.classes_, margin)
    if margin.width == _BINARY:
        return _sigmoid(write, estimator, margin)
    return Decision(estimator.classes_, margin, _shared(write, margin))


def _huber(write: Writer, margin: Flow) -> str:
    """(clip(m, -1, 1) + 1) / 2, as shares (Zadrozny & Elkan 2002)."""
    inside = write.op(
        "Min", write.op("Max", write.settled(margin), write.array(-1)), write.array(1)
    )
    half = write.op("Mul", write.op("Add", inside, write.array(1)), write.array(0.5))
    return shares(write, half, margin.width, empty=1 / margin.width)


def _shared(write: Writer, margin: Flow) -> Callable[[], str]:
    return shared_sigmoid(write, margin, empty=1 / margin.width)


def _sigmoid(write: Writer, estimator: Any, margin: Flow) -> Decision:
    return Decision(estimator.classes_, margin, sigmoid(write, margin), logit=margin)


def _projected(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001  a rule's form
    """Linear discriminant analysis as a reduction of dimensions."""
    if estimator.solver == "lsqr":
        raise LoweringError(
            "LinearDiscriminantAnalysis with solver 'lsqr' transforms nothing; use 'svd'"
        )
    kept = estimator.scalings_[:, : estimator._max_components]  # noqa: SLF001  what transform keeps
    center = estimator.xbar_ if estimator.solver == "svd" else 0.0
    return flow.then(Affine.of(kept.T, center=center))


LINEAR: Final = (
    Rule("LogisticRegression", decide=_logistic),
    Rule("LogisticRegressionCV", decide=_logistic),
    Rule("SGDClassifier", decide=_descent),
    Rule("LinearDiscriminantAnalysis", decide=_discriminant, transform=_projected),
    *(
        Rule(name, decide=_margin_only)
        for name in (
            "LinearSVC",
            "PassiveAggressiveClassifier",
            "Perceptron",
        )
    ),
    *(
        Rule(name, decide=_margin_only, decide_all=_margin_a_label)
        for name in ("RidgeClassifier", "RidgeClassifierCV")
    ),
)
