"""Operators that have no plain form: they stay, where that is allowed, and say indices for labels."""

from typing import Final

from onnxprobe.errors import LoweringError
from onnxprobe.graph.model import Node
from onnxprobe.lowering.operators._base import (
    ML,
    Labels,
    OperatorRule,
    Rewriter,
    class_labels,
    ml,
    reattributed,
)

_NAMES: Final = ("classlabels_strings", "classlabels_ints", "classlabels_int64s")


def _classifier(write: Rewriter, node: Node) -> None:
    check_allowed(write, node)
    values = class_labels(node)
    whole = "classlabels_ints" if node.op.endswith("SVMClassifier") else "classlabels_int64s"
    said = reattributed(node, _NAMES, {whole: list(range(len(values)))})
    said.output[0] = f"{write.prefix}{node.outputs[0]}"
    write.keep(said)
    write.labels[node.outputs[0]] = Labels(said.output[0], values)


def _regressor(write: Rewriter, node: Node) -> None:
    check_allowed(write, node)
    write.keep(node.proto)


def check_allowed(write: Rewriter, node: Node) -> None:
    """Raise where an operator of ai.onnx.ml may not stay.

    Raises:
        LoweringError: the message says how it may.
    """
    if not write.allow_ml:
        op = node.op.removeprefix(f"{ML}::")
        raise LoweringError(
            f"the head needs {op} of {ML}, which has no plain form; --allow-ml keeps it, for runtimes "
            "that have it (ONNX Runtime, tract), or give the fitted estimator in its place"
        )


STAYING: Final[tuple[OperatorRule, ...]] = (
    ml("TreeEnsembleClassifier", _classifier),
    ml("SVMClassifier", _classifier),
    ml("TreeEnsembleRegressor", _regressor),
    ml("TreeEnsemble", _regressor),
    ml("SVMRegressor", _regressor),
)
