"""Preparing pictures inside the model: raw pixels of any size in, the model's own answers out."""

from onnxprobe.pixels.embedding import with_preprocess
from onnxprobe.pixels.normalising import from_bytes
from onnxprobe.pixels.writing import FromPixels, write_from_pixels

__all__ = ["FromPixels", "from_bytes", "with_preprocess", "write_from_pixels"]
