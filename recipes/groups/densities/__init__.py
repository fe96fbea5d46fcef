"""Engines that cluster by HDBSCAN, by name.

To add one: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.registry import Registry
from recipes.groups.densities._base import MOST_SAMPLES, DensityEngine
from recipes.groups.densities.cuml import CUML
from recipes.groups.densities.sklearn import SKLEARN

DENSITIES: Final = Registry("engine for HDBSCAN", [SKLEARN, CUML])

__all__ = ["DENSITIES", "MOST_SAMPLES", "SKLEARN", "DensityEngine"]
