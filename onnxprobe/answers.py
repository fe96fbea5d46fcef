"""Two sets of answers to the same questions: are they the same, and if not, how far apart?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.value import Value

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One output of two models, over all that they were asked.

    Attributes:
        name: of the output.
        identical: whether type, shape and every bit are the same.
        max_difference: the largest absolute difference; 0.0 where identical, infinite where type
            or shape differ, not a number where one answer is none and the other is.
        largest: the largest finite absolute value in the old answers.
    """

    name: str
    identical: bool
    max_difference: float
    largest: float

    @property
    def relative(self) -> float:
        """The difference as a share of the largest value, which counts as 1 at least."""
        return self.max_difference / max(1.0, self.largest)


def agreement(name: str, old: Sequence[Array], new: Sequence[Array]) -> Agreement:
    """Compare the answers ``old`` and ``new``, one pair for each question, of the same output."""
    pairs = list(zip(old, new, strict=True))
    if all(same(a, b) for a, b in pairs):
        return Agreement(name, True, 0.0, _largest(old))  # noqa: FBT003
    # numpy's maximum, unlike Python's, is not a number wherever one of them is not
    worst = float(np.max([apart(a, b) for a, b in pairs]))
    return Agreement(name, False, worst, _largest(old))  # noqa: FBT003


def batches(inputs: Sequence[Value], several: tuple[int, ...]) -> tuple[int, ...]:
    """Return the batch sizes to run a model at: ``several`` where it takes them, else its own.

    >>> batches([Value("image", "float32", (4, 3, 8, 8))], (1, 2, 5))
    (4,)
    """
    firsts = [value.shape[0] for value in inputs if value.shape]
    fixed = [size for size in firsts if isinstance(size, int)]
    return several if len(fixed) < len(firsts) or not fixed else (fixed[0],)


def same(a: Array, b: Array) -> bool:
    """Tell whether two arrays are the same in type, shape and every bit."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind == "O":  # its bytes are addresses
        return all(map(_equal, a.ravel(), b.ravel()))
    return a.tobytes() == b.tobytes()


def apart(a: Array, b: Array) -> float:
    """Return the largest absolute difference; two that are both not a number do not differ."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return float("inf")
    if a.dtype.kind == "O":
        return float(
            np.max([_distance(x, y) for x, y in zip(a.flat, b.flat, strict=True)], initial=0)
        )
    if a.dtype.kind not in "biuf":
        return 0.0 if a.tobytes() == b.tobytes() else float("inf")
    x, y = a.astype(np.float64), b.astype(np.float64)
    equal = (x == y) | (np.isnan(x) & np.isnan(y))
    with np.errstate(invalid="ignore"):
        return float(np.where(equal, 0, np.abs(x - y)).max(initial=0))


def _equal(x: Any, y: Any) -> bool:
    """Compare texts, the maps of a sequence, or its tensors."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return same(x, y)
    if isinstance(x, dict) and isinstance(y, dict):
        return list(x) == list(y) and all(_equal(x[key], y[key]) for key in x)
    return type(x) is type(y) and (x == y or (x != x and y != y))  # noqa: PLR0124  not a number


def _distance(x: Any, y: Any) -> float:
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return apart(x, y)
    if isinstance(x, dict) and isinstance(y, dict) and list(x) == list(y):
        return float(np.max([_distance(x[key], y[key]) for key in x], initial=0))
    if isinstance(x, float) and isinstance(y, float) and x != y:
        return apart(np.asarray(x), np.asarray(y))
    return 0.0 if _equal(x, y) else float("inf")


def _largest(arrays: Sequence[Array]) -> float:
    numbers = [np.abs(a.astype(np.float64)) for a in arrays if a.dtype.kind in "biuf"]
    return max((float(n[np.isfinite(n)].max(initial=0)) for n in numbers), default=0.0)
