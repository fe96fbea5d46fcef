"""Numbers that go up by as much from each picture to the next: how many rows those before it have.

With a place in a picture's own rows they make a place in the rows of all. So torch writes
``hidden[torch.arange(batch), last]``: either as one number, to which the place is added; or as a list of
two, which picture and which place.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch.flow import Counting, Numbers, Rows
from onnxprobe.batch.rules._base import Found, Here, Step, Stepped
from onnxprobe.errors import plural

_PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class Ladder:
    """Whole numbers of the first picture; those of each other are ``step`` more than of the one before.

    Attributes:
        first: the numbers.
        step: at least 1.
        found: the repair, where they are written for one batch.
    """

    first: NDArray[Any]
    step: int
    found: tuple[Found, ...]


def ladder(here: Here, position: int, rows: Rows) -> Ladder | None:
    """Return the ladder that an input is along the pictures; ``None`` if it is none."""
    flow = here.flows[position]
    if not isinstance(flow, Numbers) or not 0 <= rows.axis < flow.trials[0].ndim:
        return None
    tried = [*zip(flow.trials, here.batches, strict=True)][: 1 if flow.same else None]
    array, batch = max(tried, key=lambda trial: trial[1])
    if array.dtype.kind not in "iu" or array.shape[rows.axis] != rows.size(batch) or batch < _PAIR:
        return None
    first, second = np.split(array, batch, rows.axis)[:_PAIR]
    step = int(second.flat[0]) - int(first.flat[0])
    if step < 1 or not all(
        np.array_equal(array, steps(first, rows.axis, np.array(step), batch))
        for array, batch in tried
    ):
        return None
    if not flow.same:
        return Ladder(first, step, ())
    repair = Stepped(position, rows.axis, first, np.array(step))
    wrote = f"counts {plural(batch, 'picture')} in {here.node.inputs[position]!r}"
    return Ladder(first, step, (Found(wrote, "those that there are", repair),))


def steps(first: NDArray[Any], axis: int, step: NDArray[np.int64], batch: int) -> NDArray[np.int64]:
    """Return the numbers of ``batch`` pictures, one picture after the other along ``axis``."""
    return np.concatenate([first + step * picture for picture in range(batch)], axis)


def added(here: Here) -> Step | None:
    """Follow the sum of a ladder and of places in a picture's own rows; ``None`` if it is none.

    The places must be known to be among as many rows as the ladder goes up by.
    """
    rank = max(here.rank(0), here.rank(1))
    for own, before in ((0, 1), (1, 0)):
        rows = here.flows[own]
        if not isinstance(rows, Rows):
            continue
        out = Rows(rows.axis + rank - here.rank(own), rows.times)
        along = Rows(out.axis - rank + here.rank(before), rows.times)
        up, end = ladder(here, before, along), here.below(own)
        if up and end is not None and up.first.min() >= 0 and up.first.max() + end <= up.step:
            return Step((Counting(out.axis, out.times, up.step),), up.found)
    return None
