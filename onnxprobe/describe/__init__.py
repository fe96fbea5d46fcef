"""What marks each domain, said without a language model: attributes of the pictures, and channels.

To add an attribute: write it in the file of its source, list it in ``attributes.py``.
"""

from onnxprobe.describe.describe import describe
from onnxprobe.describe.marks import Mark

__all__ = ["Mark", "describe"]
