"""What a classifier says, before it becomes outputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from onnxprobe.lowering.flow import Flow

PROBABILITY = "probability"
MARGIN = "margin"
ZERO_BELOW: Final = -709.78
"""The margin below which 1 / (1 + exp(-m)), as scipy writes the sigmoid, is 0 in float64."""
LEAST: Final = -745.13
"""The logarithm below which the exponential, and so a softmax, is 0 in float64."""
DISTANCE = "negative distance"


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A choice among K classes. With two of them a margin is written ``[-m, m]``.

    Attributes:
        classes: K labels; an answer is an index into them.
        margin: ``(N, K)``, scikit-learn's ``decision_function``; ``None`` where it has none.
        probability: writes ``predict_proba`` ``(N, K)`` and returns its tensor; ``None`` likewise.
        logit: ``(N, K)``, where the probability is the sigmoid of each.
        floor: the logit below which the probability is 0 in float64.
        ranking: ``(N, K)``, the largest of which is the answer; the margin, or else the
            probability, where left out.
        best: ``(N, 1)`` int64, the answer, where it is not the largest of anything.
        kind: what the scores are where there is no probability.
        parted: writes the probabilities as two tensors that add up to them, so that neither what is
            close to 0 nor what lacks little to 1 loses digits; ``None`` where nobody needs it.
    """

    classes: NDArray[Any]
    margin: Flow | None = None
    probability: Callable[[], str] | None = None
    logit: Flow | None = None
    ranking: str | None = None
    best: str | None = None
    kind: str = MARGIN
    floor: float = ZERO_BELOW
    parted: Callable[[], tuple[str, str]] | None = None

    @classmethod
    def shared(cls, classes: NDArray[Any], tensor: str) -> "Decision":
        """Return the choice whose probabilities are in ``tensor`` already; the largest is the answer."""
        return cls(classes, probability=lambda: tensor, ranking=tensor)
