"""Heads by kind: trained in numpy, expressed as plain ``ai.onnx`` nodes.

To add a kind: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.heads._base import Array, Kind
from onnxprobe.heads.detectors import DETECTORS
from onnxprobe.heads.folding import folded
from onnxprobe.heads.linear import Answers, Layer, LinearHead
from onnxprobe.heads.novelty import NOVELTY, Novelty
from onnxprobe.heads.softmax import SOFTMAX
from onnxprobe.registry import Registry

HEADS: Final = Registry("head", [SOFTMAX, DETECTORS])

__all__ = [
    "HEADS",
    "NOVELTY",
    "Answers",
    "Array",
    "Kind",
    "Layer",
    "LinearHead",
    "Novelty",
    "folded",
]
