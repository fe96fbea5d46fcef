"""Heads from elsewhere: estimators of scikit-learn, and ``.onnx`` files with other operators.

Both become models of plain ``ai.onnx`` operators with numeric outputs of rank 2.
"""

from onnxprobe.lowering.converted import converted
from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.files import FORMATS, read_estimator
from onnxprobe.lowering.lower import HEADS, has_no_words, lower
from onnxprobe.lowering.operators import OPERATORS
from onnxprobe.lowering.plain import Plain, plain, unzipped
from onnxprobe.lowering.sayings import said

__all__ = [
    "ESTIMATORS",
    "FORMATS",
    "HEADS",
    "OPERATORS",
    "Plain",
    "converted",
    "has_no_words",
    "lower",
    "plain",
    "read_estimator",
    "said",
    "unzipped",
]
