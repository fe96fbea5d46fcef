"""Scaler, Normalizer, Binarizer, Imputer and FeatureVectorizer."""

from typing import Final

import numpy as np

from onnxprobe.graph.model import Node
from onnxprobe.lowering.operators._base import OperatorRule, Rewriter, ml, texts


def _scaler(write: Rewriter, node: Node) -> None:
    moved = write.op("Sub", write.floats(node.inputs[0]), write.array(node.attribute("offset")))
    write.op("Mul", moved, write.array(node.attribute("scale")), out=node.outputs[0])


def _normalizer(write: Rewriter, node: Node) -> None:
    x, kind = write.floats(node.inputs[0]), texts([node.attribute("norm", "MAX")])[0]
    read = x if kind == "MAX" else write.op("Abs", x)  # the largest, not the largest size
    reduction = {"MAX": "ReduceMax", "L1": "ReduceSum", "L2": "ReduceL2"}[kind]
    norm = write.reduce(reduction, read, [1], keepdims=1)
    zero = write.op("Not", write.op("Greater", write.op("Abs", norm), write.array(0.0)))
    write.op("Div", x, write.op("Where", zero, write.array(1.0), norm), out=node.outputs[0])


def _binarizer(write: Rewriter, node: Node) -> None:
    threshold = write.array(node.attribute("threshold", 0.0))
    above = write.op("Greater", write.floats(node.inputs[0]), threshold)
    write.op("Cast", above, to=1, out=node.outputs[0])


def _imputer(write: Rewriter, node: Node) -> None:
    x = write.floats(node.inputs[0])
    missing = float(node.attribute("replaced_value_float", 0.0))
    at = write.op("IsNaN", x) if np.isnan(missing) else write.op("Equal", x, write.array(missing))
    given = write.array(node.attribute("imputed_value_floats"))
    write.op("Where", at, given, x, out=node.outputs[0])


def _vectorizer(write: Rewriter, node: Node) -> None:
    write.op("Concat", *map(write.floats, node.inputs), axis=1, out=node.outputs[0])


SCALING: Final[tuple[OperatorRule, ...]] = (
    ml("Scaler", _scaler),
    ml("Normalizer", _normalizer),
    ml("Binarizer", _binarizer),
    ml("Imputer", _imputer),
    ml("FeatureVectorizer", _vectorizer),
)
