"""Operators of ``ai.onnx.ml``, and those that only move labels, written plainly.

To add one: write its rule in the file of its family, list it here.
"""

from typing import Final

from onnxprobe.lowering.operators._base import ML, Label, Labels, OperatorRule, Rewriter
from onnxprobe.lowering.operators.labels import LABELS
from onnxprobe.lowering.operators.linear import LINEAR
from onnxprobe.lowering.operators.scaling import SCALING
from onnxprobe.lowering.operators.staying import STAYING, check_allowed
from onnxprobe.registry import Registry

OPERATORS: Final = Registry("operator with a plain form", [*LABELS, *LINEAR, *SCALING, *STAYING])

__all__ = ["ML", "OPERATORS", "Label", "Labels", "OperatorRule", "Rewriter", "check_allowed"]
