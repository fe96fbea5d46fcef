"""Pictures: where they come from, how they are decoded, and what a network is shown of them."""

from onnxprobe.images.decode import MAX_PIXELS, Decoded, decode, longest
from onnxprobe.images.fit import ImageInput, image_input, preprocess_for
from onnxprobe.images.places import TooLongError
from onnxprobe.images.preprocess import Preprocess
from onnxprobe.images.sources import SOURCES, Source, absolute, open_source, reads_at_once
from onnxprobe.images.status import FAILED, Status

__all__ = [
    "FAILED",
    "MAX_PIXELS",
    "SOURCES",
    "Decoded",
    "ImageInput",
    "Preprocess",
    "Source",
    "Status",
    "TooLongError",
    "absolute",
    "decode",
    "image_input",
    "longest",
    "open_source",
    "preprocess_for",
    "reads_at_once",
]
