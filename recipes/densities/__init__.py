"""Engines that cluster by HDBSCAN, by name.

To add one: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.registry import Registry
from recipes.densities._base import MOST_SAMPLES, DensityEngine
from recipes.densities.cuml import CUML
from recipes.densities.sklearn import SKLEARN

DENSITIES: Final = Registry("engine for HDBSCAN", [SKLEARN, CUML])

__all__ = ["DENSITIES", "MOST_SAMPLES", "SKLEARN", "DensityEngine"]
