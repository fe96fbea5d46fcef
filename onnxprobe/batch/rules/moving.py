"""Operators that move axes, or take a part along some of them."""

from typing import Final

import numpy as np

from onnxprobe.batch.flow import Crossing, Flow, Partly, Rows
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Multiplied,
    Repair,
    Rule,
    Setting,
    Step,
    Unset,
    Values,
    apart,
    counted_from_front,
    growing,
)
from onnxprobe.graph.paths.order import label

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
    if 0 < ends[0][place] < sizes[0]:
        return _first_rows(here, place, [end[place] for end in ends])
    if ends[0][place] < sizes[0] or not here.has(2) or not here.written[2]:
        raise Crossing(_PART.format(rows.axis))
    far = [np.iinfo(np.int64).max if i == place else n for i, n in enumerate(ends[0])]
    wrote = f"ends axis {rows.axis} at {ends[0][place]}, the size of batch {here.batches[0]}"
    return Step((rows,), (Found(wrote, "to the end", Values(2, np.array(far, np.int64))),))


def _first_rows(here: Here, place: int, ends: list[int]) -> Step:
    """Take as many rows as there are pictures, or some times that, of parts that all rows have alike."""
    rows, batch = here.only(), here.batches[0]
    times, rest = divmod(ends[0], batch)
    parts = here.parts(rows.axis)
    if rest or parts is None:
        raise Crossing(_PART.format(rows.axis))
    along, places = parts
    kept = taken(here, along, here.shape()[along])
    left = frozenset(i for i, old in enumerate(kept) if old in places)
    flow: Flow = Rows(rows.axis, times)
    if len(left) < len(kept):
        flow = Partly(Rows(rows.axis, times), along, left, label(here.node))
    if ends == [times * batch for batch in here.batches]:
        return Step((flow,))
    if not here.has(2) or not here.written[2]:
        raise Crossing(_PART.format(rows.axis))
    wrote = f"ends axis {rows.axis} at {ends[0]}, which counts {batch} in a batch"
    return Step((flow,), (Found(wrote, f"{times} x batch", Counted(2, place, times)),))


def taken(here: Here, axis: int, size: int) -> range:
    """Return which places along an axis of ``size`` a Slice takes."""
    starts, ends = bounds(here, 1, "starts")[0], bounds(here, 2, "ends")[0]
    axes = [counted_from_front(n, here.rank()) for n in here.axes(3) or range(len(starts))]
    steps = (here.numbers(4) or ([1] * len(axes),))[0]
    kept = range(size)
    for along, start, end, step in zip(axes, starts, ends, steps, strict=True):
        kept = kept[start:end:step] if along == axis else kept
    return kept


def bounds(here: Here, position: int, name: str) -> tuple[list[int], ...]:
    """Return where a Slice begins or ends at every batch tried: an input, or once an attribute."""
    said = here.numbers(position)
    return said if said is not None else (here.axes(None, name) or [],) * len(here.batches)


def split(here: Here) -> Step:
    """Cut into several along another axis than that of the pictures, or leave these whole."""
    axis, rows = here.node.attribute("axis", 0), here.only()
    if len(here.node.outputs) > 1 or counted_from_front(axis, here.rank()) != rows.axis:
        return Step((apart(rows, [axis], here.rank(), "splits"),))
    said, sizes = here.numbers(1), here.node.attribute("split")
    if sizes is not None:
        wrote = f"writes batch {here.batches[0]} into its sizes {list(sizes)}"
        return Step((rows,), (Found(wrote, "one piece", Unset("split")),))
    if said is None or all(
        n == [rows.size(batch)] for n, batch in zip(said, here.batches, strict=True)
    ):
        return Step((rows,))
    if not here.written[1]:
        raise Crossing(_PART.format(rows.axis))
    wrote = f"writes batch {here.batches[0]} into its sizes {said[0]}"
    return Step((rows,), (Found(wrote, f"[{rows.times}] x batch", Multiplied(1, (rows.times,))),))


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
