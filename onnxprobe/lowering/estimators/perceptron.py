"""Multi-layer perceptrons: an affine map a layer, with an activation between."""

from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import both_signs, sigmoid, softmax
from onnxprobe.lowering.writer import Writer

_ACTIVATIONS: Final = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def _last_layer(write: Writer, estimator: Any, flow: Flow) -> Flow:
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for position, (weight, bias) in enumerate(layers):
        flow = flow.then(Affine.of(weight.T, bias))
        if position < len(layers) - 1 and estimator.activation != "identity":
            flow = write.mapped(_ACTIVATIONS[estimator.activation], flow)
    return flow


def _classified(write: Writer, estimator: Any, flow: Flow) -> Decision:
    logits = _last_layer(write, estimator, flow)
    if estimator.out_activation_ == "logistic":
        logits = both_signs(write, logits)
    logits = Flow(write.settled(logits), logits.width)
    link = sigmoid if estimator.out_activation_ == "logistic" else softmax
    logit = logits if link is sigmoid else None
    return Decision(
        estimator.classes_, probability=link(write, logits), logit=logit, ranking=logits.tensor
    )


def _all_classified(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    """Several labels a sample: each is there or not, by itself."""
    logits = _last_layer(write, estimator, flow)
    logits = Flow(write.settled(logits), logits.width)
    each = (both_signs(write, write.column(logits, i)) for i in range(logits.width))
    return tuple(
        Decision(np.arange(2), logit, sigmoid(write, logit), logit=logit) for logit in each
    )


def _regressed(write: Writer, estimator: Any, flow: Flow) -> Flow:
    out = _last_layer(write, estimator, flow)
    if estimator.out_activation_ == "identity":
        return out
    if estimator.out_activation_ != "exp":
        raise LoweringError(
            f"MLPRegressor ends in {estimator.out_activation_!r}, which is not known"
        )
    return write.mapped("Exp", out)


PERCEPTRONS: Final = (
    Rule("MLPClassifier", decide=_classified, decide_all=_all_classified),
    Rule("MLPRegressor", predict=_regressed),
)
