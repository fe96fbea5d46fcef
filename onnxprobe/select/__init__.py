"""Pictures of a run chosen for work on training sets.

To add a way of choosing: write ``<name>.py`` beside this file, list it in ``ways.py``.
"""

from onnxprobe.select.listing import Listed, copied, written
from onnxprobe.select.select import select
from onnxprobe.select.ways import WAYS

__all__ = ["WAYS", "Listed", "copied", "select", "written"]
