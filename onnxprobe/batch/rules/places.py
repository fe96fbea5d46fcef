"""Operators that look up, or write, at places: rows of a table, elements, parts.

Places that are known beforehand may count through the rows of all pictures together, as torch writes
``as_strided``, and transformers their masks: those of the next picture are then those of the first, as
many rows further on as a picture has. Places that are computed, in a file that takes one picture, are
in that picture's rows.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch.flow import Counting, Crossing, Numbers, Rows, plain
from onnxprobe.batch.rules._base import (
    Found,
    Here,
    Rule,
    Shifted,
    Step,
    Stepped,
    agreed,
    apart,
    counted_from_front,
    is_fixed,
)
from onnxprobe.batch.rules.each import repeat
from onnxprobe.batch.rules.ladders import steps
from onnxprobe.errors import plural

_COUNTS: Final = 10
"""The opset from which there are the operators that places for any number of pictures are made with."""
_ACROSS: Final = "looks up elements across pictures"


def gather(here: Here) -> Step:
    """Look up rows of a table by pictures, or parts of pictures by a list."""
    axis = counted_from_front(here.node.attribute("axis", 0), here.rank())
    table, found = here.rows(0), tuple[Found, ...]()
    if table is None and _counts_on(here, 1):
        table = Rows(axis, here.shape()[axis] // here.batches[0])
        found = (repeat(here, 0, table),)
    if table is not None and table.axis == axis:
        at, mended = _stepped(here, 1, _Counter(axis, table.times))
        return Step((Rows(axis + at.axis, at.times),), (*found, *mended))
    places = here.rows(1)
    if table is None and places is not None:
        return Step((Rows(axis + places.axis, places.times),))
    if table is None or places is not None:
        raise Crossing("looks up pictures by pictures")
    moved = here.rank(1) - 1 if axis < table.axis else 0
    return Step((Rows(table.axis + moved, table.times),))


def elements(here: Here) -> Step:
    """Look up or write elements along an axis, each picture in its own part."""
    lying = {i: here.rows(i) for i in range(len(here.node.inputs))}
    rows = agreed([rows for rows in lying.values() if rows is not None])
    apart(rows, [here.node.attribute("axis", 0)], here.rank(), "picks from")
    return Step((rows,), tuple(repeat(here, i, rows) for i in lying if lying[i] is None))


def gather_nd(here: Here) -> Step:
    """Look up parts by their places along some axes, behind those that go together."""
    together = int(here.node.attribute("batch_dims", 0))
    width, last = here.shape(1)[-1], here.rank(1) - 1
    table = here.rows(0)
    if table is None:
        places = here.rows(1)
        if places is None or not together <= places.axis < last:
            raise Crossing(_ACROSS)
        return Step((places,))
    if table.axis < together:
        return Step((table,), _given(here, 1, table))
    if table.axis < together + width:
        counter = _Counter(table.axis, table.times, table.axis - together, width, together)
        at, found = _stepped(here, 1, counter)
        return Step((at,), found)
    if here.rows(1) is not None:
        raise Crossing(_ACROSS)
    return Step((Rows(table.axis - together - width + last, table.times),))


def scatter_nd(here: Here) -> Step:
    """Write parts at their places along the first axes."""
    table, width, last = here.rows(0), here.shape(1)[-1], here.rank(1) - 1
    found = tuple[Found, ...]()
    if table is None:
        table = _written_into(here, here.only(2), width)
        found = (repeat(here, 0, table),)
    if table.axis < width:
        counter = _Counter(table.axis, table.times, table.axis, width)
        at, mended = _stepped(here, 1, counter, here.rows(2))
        return Step((table,), (*found, *mended, *_given(here, 2, at)))
    if here.rows(1) is not None:
        raise Crossing("writes at places that differ between pictures")
    at = Rows(table.axis - width + last, table.times)
    return Step((table,), (*found, *_given(here, 2, at)))


def _written_into(here: Here, written: Rows, width: int) -> Rows:
    """Return how the pictures must lie in a tensor for all for each to be written into its own part.

    Raises:
        Crossing: they are written into the same part.
    """
    last, shape = here.rank(1) - 1, here.shape()
    if written.axis >= last:
        return Rows(written.axis - last + width, written.times)
    for axis in range(width):
        table = Rows(axis, shape[axis] // here.batches[0])
        try:
            _stepped(here, 1, _Counter(axis, table.times, axis, width), written)
            repeat(here, 0, table)
        except Crossing:
            continue
        return table
    raise Crossing("writes what differs between pictures into one tensor for all")


def _given(here: Here, position: int, wanted: Rows) -> tuple[Found, ...]:
    """Check that an input has its pictures where ``wanted``; what is the same for all is repeated."""
    rows = here.rows(position)
    return (repeat(here, position, wanted),) if agreed([rows or wanted, wanted]) != rows else ()


def _counts_on(here: Here, position: int) -> bool:
    """Tell whether an input is numbers that are not the same for each picture."""
    flow = here.flows[position]
    if not isinstance(flow, Numbers):
        return False
    try:
        plain(flow, here.batches)
    except Crossing:
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Counter:
    """Which numbers among places count through the rows of all pictures.

    Attributes:
        counted: the axis whose rows they count.
        times: how many of these belong to one picture.
        column: where a place is a list, along the last axis, of ``width`` numbers: which of them it is.
        width: how many numbers make a place; 0 where it is one number.
        front: the first axis of the places along which the pictures may lie.
    """

    counted: int
    times: int
    column: int = 0
    width: int = 0
    front: int = 0

    def counts(self, places: Counting) -> bool:
        """Tell whether ``places`` count these rows; a list of one number is one number."""
        column = self.column if self.width else None
        alone = self.width == 1 and places.column is None
        return places.step == self.times and (alone or places.column == column)

    @property
    def step(self) -> NDArray[np.int64]:
        """How far the places of the next picture are on."""
        if not self.width:
            return np.array(self.times)
        return np.where(np.arange(self.width) == self.column, self.times, 0)


def _stepped(
    here: Here, position: int, counter: _Counter, wanted: Rows | None = None
) -> tuple[Rows, tuple[Found, ...]]:
    """Return how the pictures lie among places that count through the rows of all, and the repair.

    Places that are written for a batch of 1 are in the rows of one picture wherever they are; the pictures
    are taken to lie as ``wanted``, else along the first axis.

    Raises:
        Crossing: the places are not known, or not the same in each picture.
    """
    flow = here.flows[position]
    if isinstance(flow, Rows):
        return flow, (_shifted(here, position, counter, flow),)
    if isinstance(flow, Counting):
        behind = here.rank(position) - bool(counter.width)
        if flow.axis >= behind or not counter.counts(flow):
            raise Crossing(_ACROSS)
        return Rows(flow.axis, flow.times), ()
    step, tried = counter.step, _tried(here, position)
    tables = [np.where(array < 0, array + step * batch, array) for array, batch in tried]
    batches = [batch for _, batch in tried]
    axes = range(counter.front, tables[0].ndim - bool(counter.width))
    for axis in axes if wanted is None else [wanted.axis]:
        first = np.take(tables[0], range(tables[0].shape[axis] // batches[0]), axis)
        fitting = (steps(first, axis, step, batch) for batch in batches)
        if first.size and all(map(np.array_equal, tables, fitting)):
            places = Rows(axis, first.shape[axis])
            repair = Stepped(position, axis, first, step)
            return places, (_written(here, repair),) if is_fixed(flow) else ()
    raise Crossing(f"picks from axis {counter.counted}, where the pictures of a batch lie")


def _tried(here: Here, position: int) -> list[tuple[NDArray[Any], int]]:
    """Return places at every batch tried; those that are written in the file, at the file's."""
    flow = here.flows[position]
    if isinstance(flow, Numbers) and not flow.same:
        return list(zip(flow.trials, here.batches, strict=True))
    array = here.value(position)
    if array is None:
        raise Crossing(f"reads {here.node.inputs[position]!r}, which is not known beforehand")
    return [(array.astype(np.int64), here.batches[0])]


def _written(here: Here, repair: Stepped) -> Found:
    """Say that places are written for one batch."""
    _check_opset(here)
    name = here.node.inputs[repair.position]
    return Found(
        f"reads places {name!r} in the rows of {plural(here.batches[0], 'picture')}",
        "those of each picture",
        repair,
    )


def _shifted(here: Here, position: int, counter: _Counter, rows: Rows) -> Found:
    """Say that computed places are in the rows of the one picture that the file takes.

    Raises:
        Crossing: it takes several, or their sizes are not known.
    """
    behind = here.rank(position) - bool(counter.width)
    if here.batches[0] != 1 or here.open or not counter.front <= rows.axis < behind:
        raise Crossing(_ACROSS)
    _check_opset(here)
    within = here.shape()[counter.front :][: counter.width] if counter.width else (counter.times,)
    step = tuple(int(n) for n in np.atleast_1d(counter.step))
    return Found(
        f"looks up rows of 1 picture by {here.node.inputs[position]!r}",
        "those of each picture",
        Shifted(position, rows.axis, here.shape(position), within, step),
    )


def _check_opset(here: Here) -> None:
    if here.opset < _COUNTS:
        raise Crossing("picks rows by places that a file before opset 10 cannot count on")


GATHER: Final = Rule("gather", frozenset({"Gather"}), gather)
ELEMENTS: Final = Rule("elements", frozenset({"GatherElements", "ScatterElements"}), elements)
GATHER_ND: Final = Rule("gather nd", frozenset({"GatherND"}), gather_nd)
SCATTER_ND: Final = Rule("scatter nd", frozenset({"ScatterND"}), scatter_nd)
