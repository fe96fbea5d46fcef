"""Inspect an ONNX graph, probe it, cut it, and stitch trained heads into it.

Import from the layer you use: the import line says what you depend on.
"""

from typing import Final

__version__: Final = "0.1.0"
