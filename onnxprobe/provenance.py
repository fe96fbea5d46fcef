"""How a fused model came about, in the file itself: the run, without places and times.

The sha256 of backbone and heads, the proof and the versions are there already (see ``fuse``); a
run adds its recipe and settings, the pick with its reasons, what became of the pictures, the
domains and the figures on held-out pictures.
"""

from collections.abc import Mapping
from typing import Any, Final

RUN: Final = "onnxprobe.run"
"""Metadata of a fused model: the run that it came from."""
_LOCAL: Final = ("images", "seconds")
"""What of a run is true on one machine only, and would make the same input give other bytes."""


def of_run(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says, without where files lay and how long steps took.

    >>> of_run({"recipe": "domains", "seconds": {"fuse": 1.2}, "model": {"path": "/a", "sha256": "f"}})
    {'recipe': 'domains', 'model': {'sha256': 'f'}}
    """
    kept = {key: value for key, value in facts.items() if key not in _LOCAL}
    if isinstance(kept.get("model"), Mapping):
        kept["model"] = {key: said for key, said in kept["model"].items() if key != "path"}
    return kept
