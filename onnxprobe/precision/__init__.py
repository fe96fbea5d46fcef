"""Precisions by name. To add one: write ``<name>.py`` beside this file, list it here."""

from typing import Final

from onnxprobe.precision._base import Precision
from onnxprobe.precision.fp16 import FP16
from onnxprobe.registry import Registry

PRECISIONS: Final = Registry("precision", [FP16])

__all__ = ["PRECISIONS", "Precision"]
