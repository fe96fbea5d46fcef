"""All ways of choosing, by name."""

from typing import Final

from onnxprobe.registry import Registry
from onnxprobe.select.all import ALL
from onnxprobe.select.balanced import BALANCED
from onnxprobe.select.diverse import DIVERSE
from onnxprobe.select.nearest import NEAREST
from onnxprobe.select.uncertain import UNCERTAIN

WAYS: Final = Registry("way of choosing", [ALL, BALANCED, DIVERSE, NEAREST, UNCERTAIN])
