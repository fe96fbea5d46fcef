"""Domains as people see them: renamed, merged, split, dropped, and found again in another run.

To add an edit: write ``edits/<name>.py``, list it in ``edits/__init__.py``.
"""

from onnxprobe.domains.edits import EDITS, Edit
from onnxprobe.domains.grouping import Group, Grouping
from onnxprobe.domains.replay import Replayed, replayed

__all__ = ["EDITS", "Edit", "Group", "Grouping", "Replayed", "replayed"]
