"""Operators that move axes, or take a part along some of them."""

from typing import Final

import numpy as np

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules._base import (
    Found,
    Here,
    Repair,
    Rule,
    Setting,
    Step,
    Values,
    apart,
    counted_from_front,
    growing,
)

_AXES_BY_INPUT: Final = 13
"""The opset from which Squeeze reads its axes as an input."""
END: Final = np.iinfo(np.int32).max
"""Ends from which on exporters mean all there is; they write the largest int32 or int64."""
_PART: Final = "takes a part of axis {}, where the pictures of a batch lie"


def transpose(here: Here) -> Step:
    """Find the axis of the pictures among the permuted ones."""
    rows, rank = here.only(), here.rank()
    order = list(here.node.attribute("perm", range(rank)[::-1]))
    return Step((Rows(order.index(rows.axis), rows.times),))


def unsqueeze(here: Here) -> Step:
    """Count the axes that are added before that of the pictures."""
    rows, axes = here.only(), here.axes(1) or []
    rank = here.rank() + len(axes)
    added = {counted_from_front(axis, rank) for axis in axes}
    kept = [axis for axis in range(rank) if axis not in added]
    return Step((Rows(kept[rows.axis], rows.times),))


def squeeze(here: Here) -> Step:
    """Count the axes that are dropped before that of the pictures, which must not be one."""
    rows, rank, axes = here.only(), here.rank(), here.axes(1)
    listed = axes is not None
    if axes is None:
        axes = [axis for axis, size in enumerate(here.shape()) if size == 1]
    dropped = {counted_from_front(axis, rank) for axis in axes}
    if rows.axis in dropped:
        raise Crossing(f"drops axis {rows.axis}, the batch, because it holds {here.batches[0]}")
    out = Rows(rows.axis - sum(axis < rows.axis for axis in dropped), rows.times)
    if listed or rows.times != 1:
        return Step((out,))
    repair: Repair = Values(1, np.array(axes, np.int64))
    if here.opset < _AXES_BY_INPUT:
        repair = Setting("axes", tuple(axes))
    return Step((out,), (Found("drops the batch too where it is 1", f"axes {axes}", repair),))


def slices(here: Here) -> Step:
    """Take a block; along the pictures it must be everything."""
    rows, rank = here.only(), here.rank()
    starts, ends = bounds(here, 1, "starts"), bounds(here, 2, "ends")
    axes = here.axes(3) or list(range(len(starts[0])))
    at = [counted_from_front(axis, rank) for axis in axes]
    if rows.axis not in at:
        return Step((rows,))
    place = at.index(rows.axis)
    steps = here.numbers(4) or ([1] * len(at),)
    if steps[0][place] != 1 or any(start[place] for start in starts):
        raise Crossing(_PART.format(rows.axis))
    sizes = [rows.times * batch for batch in here.batches]
    if all(end[place] >= END or end[place] == n for end, n in zip(ends, sizes, strict=True)):
        return Step((rows,))
    if ends[0][place] < sizes[0] or not here.has(2) or not here.written[2]:
        raise Crossing(_PART.format(rows.axis))
    far = [np.iinfo(np.int64).max if i == place else n for i, n in enumerate(ends[0])]
    wrote = f"ends axis {rows.axis} at {ends[0][place]}, the size of batch {here.batches[0]}"
    return Step((rows,), (Found(wrote, "to the end", Values(2, np.array(far, np.int64))),))


def bounds(here: Here, position: int, name: str) -> tuple[list[int], ...]:
    """Return where a Slice begins or ends at every batch tried: an input, or once an attribute."""
    said = here.numbers(position)
    return said if said is not None else (here.axes(None, name) or [],) * len(here.batches)


def split(here: Here) -> Step:
    """Cut into several along another axis than that of the pictures."""
    axis = here.node.attribute("axis", 0)
    return Step((apart(here.only(), [axis], here.rank(), "splits"),))


def pad(here: Here) -> Step:
    """Add a border; none around the batch."""
    rows, rank = here.only(), here.rank()
    said = here.numbers(1)
    widths = said[0] if said is not None else here.axes(None, "pads") or []
    axes = here.axes(3) or list(range(rank))
    at = [counted_from_front(axis, rank) for axis in axes]
    if rows.axis in at:
        place = at.index(rows.axis)
        if widths[place] or widths[place + len(at)]:
            raise Crossing(f"pads axis {rows.axis}, where the pictures of a batch lie")
    return Step((rows,))


def tile(here: Here) -> Step:
    """Repeat along other axes than that of the pictures."""
    rows, repeats = here.rows(0), here.numbers(1)
    if repeats is None:
        raise Crossing("has no number of repeats")
    axes = growing(repeats)
    if rows is not None and not axes and repeats[0][rows.axis] == 1:
        return Step((rows,))
    if rows is not None or len(axes) != 1:
        raise Crossing("repeats along the axis where the pictures of a batch lie")
    (axis,) = axes
    times, rest = divmod(repeats[0][axis], here.batches[0])
    if rest or any(n[axis] != times * b for n, b in zip(repeats, here.batches, strict=True)):
        raise Crossing("computes with how many pictures there are")
    return Step((Rows(axis, times * here.shape()[axis]),))


def one_hot(here: Here) -> Step:
    """Write classes as zeros and a one, along a new axis."""
    rows, rank = here.only(), here.rank() + 1
    axis = counted_from_front(here.node.attribute("axis", -1), rank)
    return Step((Rows(rows.axis + (axis <= rows.axis), rows.times),))


TRANSPOSE: Final = Rule("transpose", frozenset({"Transpose"}), transpose)
UNSQUEEZE: Final = Rule("unsqueeze", frozenset({"Unsqueeze"}), unsqueeze)
SQUEEZE: Final = Rule("squeeze", frozenset({"Squeeze"}), squeeze)
SLICE: Final = Rule("slice", frozenset({"Slice"}), slices)
SPLIT: Final = Rule("split", frozenset({"Split"}), split)
PAD: Final = Rule("pad", frozenset({"Pad"}), pad)
TILE: Final = Rule("tile", frozenset({"Tile"}), tile)
ONE_HOT: Final = Rule("one hot", frozenset({"OneHot"}), one_hot)
