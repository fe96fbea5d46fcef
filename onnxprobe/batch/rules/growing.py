"""Operators that are told the shape of what they give: Concat, Expand, Resize, ConstantOfShape."""

from typing import Final

import numpy as np

from onnxprobe.batch.flow import FIXED, Counting, Crossing, Numbers, Rows, Woven
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Rule,
    Step,
    Values,
    agreed,
    counted_from_front,
    growing,
)
from onnxprobe.batch.rules.each import repeat
from onnxprobe.batch.rules.ladders import ladder
from onnxprobe.graph.paths.order import label

_WITH_REGION: Final = 11
"""The opset from which Resize has a region of interest as its second input."""


def concat(here: Here) -> Step:
    """Join along another axis than that of the pictures; what is for one picture is repeated."""
    counting = _column(here)
    if counting is not None:
        return counting
    axis = counted_from_front(here.node.attribute("axis", 1), here.rank())
    if any(isinstance(flow, Rows | Woven) and flow.axis == axis for flow in here.flows):
        return _joined(here, axis)
    positions = range(len(here.node.inputs))
    rows = agreed([r for i in positions if (r := here.rows(i)) is not None])
    others = [i for i in positions if here.rows(i) is None]
    return Step((rows,), tuple(repeat(here, i, rows) for i in others))


def _joined(here: Here, axis: int) -> Step:
    """Join along the axis of the pictures: all pictures of the first, then all of the second."""
    lying = [flow for flow in here.flows if isinstance(flow, Rows | Woven)]
    if len(here.flows) == 1:
        return Step((lying[0],))
    times = {flow.times if flow.axis == axis else 0 for flow in lying}
    if len(times) > 1:
        raise Crossing(f"joins along axis {axis}, where the pictures of a batch lie")
    one = Rows(axis, times.pop())
    others = [i for i, flow in enumerate(here.flows) if flow not in lying]
    if any(here.shape(i)[axis] != one.size(here.batches[0]) for i in others):
        raise Crossing(f"joins other rows to those of the pictures along axis {axis}")
    found = tuple(repeat(here, i, one) for i in others if here.rows(i) != one)
    blocks = len(others) + sum(flow.blocks if isinstance(flow, Woven) else 1 for flow in lying)
    return Step((Woven(axis, blocks, one.times, label(here.node)),), found)


def _column(here: Here) -> Step | None:
    """Follow lists of numbers, one of which says which picture it is; ``None`` where none does."""
    rank, positions = here.rank(), range(len(here.node.inputs))
    rows = next((flow for flow in here.flows if isinstance(flow, Rows)), None)
    axis = counted_from_front(here.node.attribute("axis", 1), rank)
    if rows is None or axis != rank - 1 or rows.axis == axis:
        return None
    ladders = {i: up for i in positions if (up := ladder(here, i, rows)) is not None}
    if len(ladders) != 1:
        return None
    ((at, up),) = ladders.items()
    if here.shape(at)[axis] != 1 or up.first.min() < 0 or up.first.max() >= up.step:
        return None
    agreed([own for i in positions if i != at and (own := here.rows(i)) is not None])
    same = [i for i in positions if i != at and here.rows(i) is None]
    column = sum(here.shape(i)[axis] for i in range(at))
    flow = Counting(rows.axis, rows.times, up.step, column)
    return Step((flow,), (*up.found, *(repeat(here, i, rows) for i in same)))


def expand(here: Here) -> Step:
    """Repeat along axes of size 1; the batch itself needs none."""
    said = here.numbers(1)
    if said is None:
        raise Crossing("has no shape")
    rows, rank = here.rows(0), max(here.rank(), len(said[0]))
    if rows is None:
        return _for_each(here, said)
    out = Rows(rows.axis + rank - here.rank(), rows.times)
    place = out.axis - (rank - len(said[0]))
    if any(axis != place for axis in growing(said)):
        raise Crossing("repeats once for each picture along another axis than theirs")
    if place < 0 or all(
        shape[place] in (1, rows.times * b) for shape, b in zip(said, here.batches, strict=True)
    ):
        return Step((out,))
    if said[0][place] != rows.times * here.batches[0]:
        raise Crossing("repeats along the axis where the pictures of a batch lie")
    wrote = f"writes batch {here.batches[0]} into its shape {said[0]}"
    if not here.written[1]:
        wrote = f"is given a shape with batch {here.batches[0]} in it, {said[0]}"
        if here.open:
            raise Crossing(wrote)
    values = [1 if i == place else n for i, n in enumerate(said[0])]
    return Step((out,), (Found(wrote, f"shape {values}", Values(1, np.array(values, np.int64))),))


def _for_each(here: Here, said: tuple[list[int], ...]) -> Step:
    """Repeat what is the same for all pictures along an axis for them, which it may have already."""
    rows, rank = _counting(here, said), here.rank()
    out = Rows(rows.axis + max(rank - len(said[0]), 0), rows.times)
    own = Rows(out.axis - max(len(said[0]) - rank, 0), rows.times)
    if own.axis < 0 or here.shape()[own.axis] == 1:
        return Step((out,))
    return Step((out,), (repeat(here, 0, own),))


def constant_of_shape(here: Here) -> Step:
    """Fill a shape that counts the pictures."""
    said = here.numbers(0)
    if said is None:
        raise Crossing("has no shape")
    return Step((_counting(here, said),))


def _counting(here: Here, said: tuple[list[int], ...]) -> Rows:
    """Find the axis whose size follows the batch in a shape that is otherwise fixed."""
    axes = growing(said)
    times, rest = divmod(said[0][axes[0]], here.batches[0]) if len(axes) == 1 else (0, 1)
    if rest or any(n[axes[0]] != times * b for n, b in zip(said, here.batches, strict=True)):
        raise Crossing("computes with how many pictures there are")
    return Rows(axes[0], times)


def resize(here: Here) -> Step:
    """Scale maps; the batch must keep its size."""
    rows, rank = here.only(), here.rank()
    axes = here.axes() or list(range(rank))
    at = [counted_from_front(axis, rank) for axis in axes]
    if rows.axis not in at:
        return Step((rows,))
    place = at.index(rows.axis)
    if here.has(3):
        return _to_sizes(here, rows, place)
    at_scales = 1 if here.opset < _WITH_REGION else 2
    flow = here.flows[at_scales] if here.has(at_scales) else FIXED
    scales = list(flow.trials[0]) if isinstance(flow, Numbers) else here.axes(None, "scales") or []
    if len(scales) <= place or scales[place] != 1:
        raise Crossing(f"scales axis {rows.axis}, where the pictures of a batch lie")
    return Step((rows,))


def _to_sizes(here: Here, rows: Rows, place: int) -> Step:
    said = here.numbers(3) or ()
    if all(n[place] == rows.times * b for n, b in zip(said, here.batches, strict=True)):
        return Step((rows,))
    if said[0][place] != rows.times * here.batches[0] or not here.written[3]:
        raise Crossing(f"is given sizes with batch {here.batches[0]} in them, {said[0]}")
    becomes = ", ".join("batch" if i == place else str(n) for i, n in enumerate(said[0]))
    wrote = f"writes batch {here.batches[0]} into its sizes {said[0]}"
    return Step((rows,), (Found(wrote, f"sizes [{becomes}]", Counted(3, place, rows.times)),))


CONCAT: Final = Rule("concat", frozenset({"Concat"}), concat)
EXPAND: Final = Rule("expand", frozenset({"Expand"}), expand)
CONSTANT_OF_SHAPE: Final = Rule(
    "constant of shape", frozenset({"ConstantOfShape"}), constant_of_shape
)
RESIZE: Final = Rule("resize", frozenset({"Resize", "Upsample"}), resize)
