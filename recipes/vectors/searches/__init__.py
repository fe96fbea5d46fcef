"""Engines that look for neighbours, by name.

To add one: write ``<name>.py`` beside this file, list it here.
"""

from typing import Final

from onnxprobe.registry import Registry
from recipes.vectors.searches._base import FULL, LIGHT, Ask, Effort, SearchEngine
from recipes.vectors.searches.cuml import CUML
from recipes.vectors.searches.faiss import FAISS

SEARCHES: Final = Registry("engine for neighbours", [FAISS, CUML])

__all__ = ["FAISS", "FULL", "LIGHT", "SEARCHES", "Ask", "Effort", "SearchEngine"]
