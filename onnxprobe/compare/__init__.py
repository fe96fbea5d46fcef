"""Two runs on the same pictures: how alike two models, layers or poolings see them."""

from onnxprobe.compare.compare import Comparison, compare
from onnxprobe.compare.fates import Fate

__all__ = ["Comparison", "Fate", "compare"]
