"""Engines that make maps, by name.

To add one: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.registry import Registry
from recipes.maps.layouts._base import LayoutEngine, Task
from recipes.maps.layouts.cuml import CUML
from recipes.maps.layouts.opentsne import OPENTSNE
from recipes.maps.layouts.tsnecuda import TSNECUDA

LAYOUTS: Final = Registry("engine for maps", [OPENTSNE, CUML, TSNECUDA])

__all__ = ["LAYOUTS", "OPENTSNE", "LayoutEngine", "Task"]
