"""What a fused model says of any number of pictures, and whether that was to be expected."""

from onnxprobe.label.drift import Drift
from onnxprobe.label.heads import Head, Sample, heads_of
from onnxprobe.label.label import label
from onnxprobe.label.labels import HeadLabels, Labels
from onnxprobe.label.shares import Share

__all__ = ["Drift", "Head", "HeadLabels", "Labels", "Sample", "Share", "heads_of", "label"]
