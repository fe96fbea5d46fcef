"""What a tensor holds when a model is fed several pictures at once."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same, whatever the pictures are and however many there are."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Something for each picture, one picture after the other along one axis.

    Attributes:
        axis: where the pictures lie.
        times: how many rows along it belong to one picture, e.g. 64 windows or 12 heads.
    """

    axis: int
    times: int = 1

    def size(self, batch: int) -> int:
        """Return how long the axis is."""
        return self.times * batch


@dataclass(frozen=True, slots=True)
class Woven:
    """Something for each picture, block by block along one axis, all pictures in each.

    So lie the tokens of torch's ``MultiheadAttention``, which come before the pictures, once both are
    one axis.

    Attributes:
        axis: where they lie.
        blocks: how many there are, e.g. tokens.
        times: how many rows in a block belong to one picture.
        by: the node that wove them.
    """

    axis: int
    blocks: int
    times: int = 1
    by: str = field(default="", compare=False)

    def size(self, batch: int) -> int:
        """Return how long the axis is."""
        return self.blocks * self.times * batch


@dataclass(frozen=True, slots=True)
class Counting:
    """Places in the rows of all pictures: each picture's are in its own, behind those of the ones before.

    Attributes:
        axis: where the places of the pictures lie, one picture after the other.
        times: how many rows along it belong to one picture.
        step: how many of the rows that are counted belong to one picture.
        column: where a place is a list of numbers, along the last axis, which of them counts these;
            ``None`` where it is one number.
    """

    axis: int
    times: int
    step: int
    column: int | None = None

    def size(self, batch: int) -> int:
        """Return how long the axis is."""
        return self.times * batch


@dataclass(frozen=True, slots=True)
class Partly:
    """The first rows of what has several for each picture, where only parts of all rows are the same.

    So do networks for clips take the class token of as many frames as there are clips.

    Attributes:
        rows: how the pictures lie in those parts.
        axis: along which these parts lie.
        places: along it; elsewhere rows are of other pictures.
        by: the node that took the first rows.
    """

    rows: Rows
    axis: int
    places: frozenset[int]
    by: str = field(default="", compare=False)


def equal(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Tell whether two arrays of any type are the same; NaN is NaN."""
    return a.shape == b.shape and bool(np.all((a == b) | ((a != a) & (b != b))))  # noqa: PLR0124


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A small array known in full for several batch sizes: shapes, and what is computed of them.

    Attributes:
        trials: its value at each batch size that is tried.
    """

    trials: tuple[NDArray[Any], ...]

    @property
    def same(self) -> bool:
        """Whether it does not depend on the batch size."""
        first, *others = self.trials
        return all(equal(array, first) for array in others)


@dataclass(frozen=True, slots=True)
class Unsure:
    """It cannot be told which part of it belongs to which picture.

    Attributes:
        reason: the node that mixes them, and how.
    """

    reason: str


Flow = Fixed | Rows | Woven | Counting | Partly | Numbers | Unsure
FIXED: Final = Fixed()


class Crossing(Exception):  # noqa: N818  it is news of the graph, caught where rules are applied
    """A rule found that a node mixes pictures; the text goes on after the node's label."""


def plain(flow: Flow, batches: tuple[int, ...]) -> Flow:
    """Return ``flow`` as data: numbers are the same for all, or repeat themselves per picture.

    Raises:
        Crossing: the numbers tell a picture where in the batch it lies, or how many others
            there are, as places in the rows of all do; or pictures are woven into each other, or
            have but parts in their place.
    """
    if isinstance(flow, Woven):
        raise Crossing(f"has pictures that {flow.by} weaves into each other")
    if isinstance(flow, Counting):
        raise Crossing("has places that count through the rows of all pictures")
    if isinstance(flow, Partly):
        raise Crossing(f"has rows of other pictures, as {flow.by} takes the first of all")
    if not isinstance(flow, Numbers):
        return flow
    if flow.same:
        return FIXED
    shapes = [array.shape for array in flow.trials]
    if len({len(shape) for shape in shapes}) > 1:
        raise Crossing(_COUNTS)
    growing = [axis for axis, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1]
    if len(growing) != 1:
        raise Crossing(_COUNTS)
    (axis,) = growing
    times, rest = divmod(shapes[0][axis], batches[0])
    one = np.take(flow.trials[0], range(times), axis)
    for array, batch in zip(flow.trials, batches, strict=True):
        if rest or array.shape[axis] != times * batch or not _repeats(array, one, axis, batch):
            raise Crossing(_COUNTS)
    return Rows(axis, times)


def _repeats(array: NDArray[Any], one: NDArray[Any], axis: int, batch: int) -> bool:
    return equal(array, np.concatenate([one] * batch, axis))


_COUNTS: Final = "computes with how many pictures there are, or with the place of each among them"
