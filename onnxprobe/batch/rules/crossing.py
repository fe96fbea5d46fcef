"""Operators that bring the pictures of a batch together by what they are."""

from typing import Final

from onnxprobe.batch.flow import Crossing
from onnxprobe.batch.rules._base import Here, Rule, Step

RANDOM: Final = frozenset(
    [
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    ]
)
"""Operators that give something else each time, whatever they read."""
_WHY: Final = {
    "DynamicQuantizeLinear": "takes its scale from all pictures of a batch together",
    "NonMaxSuppression": "returns the boxes of all pictures in one list",
    "NonZero": "returns the places of all pictures in one list",
    "Unique": "compares all pictures with each other",
    "Compress": "returns rows of all pictures in one list",
    "If": "takes one way for all pictures of a batch",
    "Loop": "runs one loop for all pictures of a batch",
    "Scan": "scans along an axis that may be the batch",
}


def refuse(here: Here) -> Step:
    """Say why this operator cannot keep pictures apart."""
    raise Crossing(_WHY[here.node.op])


CROSSING: Final = Rule("crossing", frozenset(_WHY), refuse)
