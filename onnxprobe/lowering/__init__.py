"""Heads from elsewhere: estimators of scikit-learn, and ``.onnx`` files with other operators.

Both become models of plain ``ai.onnx`` operators with numeric outputs of rank 2.
"""

from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.lower import HEADS, check_widths, lower
from onnxprobe.lowering.sayings import said

__all__ = ["ESTIMATORS", "HEADS", "check_widths", "lower", "said"]
