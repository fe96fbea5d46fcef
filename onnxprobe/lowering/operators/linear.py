"""LinearClassifier and LinearRegressor: a Gemm, and what is done to the scores after it."""

from typing import Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.graph.model import Node
from onnxprobe.lowering.operators._base import (
    Labels,
    OperatorRule,
    Rewriter,
    class_labels,
    ml,
    texts,
)

_BINARY: Final = 2


def _classifier(write: Rewriter, node: Node) -> None:
    label, scores = (*node.outputs, "")[:2]
    values = class_labels(node)
    margin = _affine(write, node, "intercepts")
    single = len(node.attribute("intercepts", ())) == 1 and len(values) == _BINARY
    both = write.op("Concat", write.op("Neg", margin), margin, axis=1) if single else margin
    if label:
        index = write.op("ArgMax", both, axis=1, keepdims=0)
        write.labels[label] = Labels(index, values)
    if scores and not single:
        posted(write, node, margin, scores)
    elif scores:
        _of_one(write, node, margin, scores)


def _of_one(write: Rewriter, node: Node, margin: str, out: str) -> None:
    """One margin for two classes: ONNX Runtime gives 1 - s and s, whatever was done to s."""
    done = posted(write, node, margin, None)
    rest = write.op("Sub", write.array(1.0), done)
    write.op("Concat", rest, done, axis=1, out=out)


def _regressor(write: Rewriter, node: Node) -> None:
    posted(write, node, _affine(write, node, "intercepts"), node.outputs[0])


def _affine(write: Rewriter, node: Node, bias: str) -> str:
    coefficients = np.asarray(node.attribute("coefficients"), np.float32)
    said = node.attribute(bias, ())
    rows = len(said) or int(node.attribute("targets", 1))
    weight = coefficients.reshape(rows, -1)
    offset = np.asarray(said if len(said) else np.zeros(rows), np.float32)
    return write.op(
        "Gemm", write.floats(node.inputs[0]), write.array(weight), write.array(offset), transB=1
    )


def posted(write: Rewriter, node: Node, scores: str, out: str | None) -> str:
    """Write the ``post_transform`` of a node.

    Raises:
        LoweringError: it is one that nothing was written for.
    """
    kind = texts([node.attribute("post_transform", "NONE")])[0]
    if kind == "NONE":
        return write.op("Identity", scores, out=out)
    if kind == "LOGISTIC":
        return write.op("Sigmoid", scores, out=out)
    if kind == "SOFTMAX":
        return write.op("Softmax", scores, axis=1, out=out)
    raise LoweringError(f"{node.op} {node.name!r} ends in {kind}, which has no plain form")


LINEAR: Final[tuple[OperatorRule, ...]] = (
    ml("LinearClassifier", _classifier),
    ml("LinearRegressor", _regressor),
)
