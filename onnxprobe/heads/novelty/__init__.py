"""How unlike the pictures it was trained on a sample is, said twice: in numpy and as ONNX nodes.

To add a measure: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.heads.novelty._base import Measure, Novelty
from onnxprobe.heads.novelty.energy import ENERGY
from onnxprobe.heads.novelty.mahalanobis import MAHALANOBIS
from onnxprobe.heads.novelty.nearest import NEAREST
from onnxprobe.registry import Registry

NOVELTY: Final = Registry("measure of novelty", [NEAREST, MAHALANOBIS, ENERGY])

__all__ = ["NOVELTY", "Measure", "Novelty"]
