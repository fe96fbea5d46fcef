"""Reshape and Flatten: the same numbers in the same order, cut into other rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from onnxprobe.batch.flow import Crossing, Rows, Woven
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Rule,
    Setting,
    Shape,
    Step,
    Values,
    is_fixed,
    product,
)
from onnxprobe.batch.rules.each import repeat
from onnxprobe.graph.paths.order import label


def regrouped(rows: Rows, shape: Shape, new: Shape, batch: int) -> list[Rows]:
    """Return how the pictures may lie once ``shape`` is cut into ``new``, the likeliest way first.

    Both are at the written batch.

    Reshaping keeps the order of the numbers, so the new axis is one that has as much before it as
    the old one had. Where several do (axes of size 1), the one that is as it was is likeliest, else
    the one with fewest rows a picture. None does where rows of different pictures end up in one.
    """
    before = product(shape[: rows.axis])
    found = [
        Rows(axis, size // batch)
        for axis, size in enumerate(new)
        if product(new[:axis]) == before and size >= batch and size % batch == 0
    ]
    return sorted(found, key=lambda new: (new != rows, new.times, new.axis))


def woven(rows: Rows, shape: Shape, new: Shape, here: Here) -> list[Woven]:
    """Return how the pictures may be woven into each other once ``shape`` is cut into ``new``.

    An axis takes all pictures in, and some of what was before them.
    """
    before = product(shape[: rows.axis])
    found, batch = [], here.batches[0]
    for axis, size in enumerate(new):
        blocks, rest = divmod(before, product(new[:axis]) or 1)
        if blocks > 1 and not rest and size % (blocks * batch) == 0:
            found.append(Woven(axis, blocks, size // (blocks * batch), label(here.node)))
    return found


def _ways(flow: Rows | Woven, shape: Shape, new: Shape, here: Here) -> list[Rows | Woven]:
    """Return how pictures may lie once ``shape`` is cut into ``new``, the likeliest way first.

    Raises:
        Crossing: rows of different pictures would end up in one.
    """
    batch = here.batches[0]
    rows, cut = _unwoven(flow, shape, batch)
    kept, mixed = regrouped(rows, cut, new, batch), woven(rows, cut, new, here)
    if not kept and not mixed:
        raise Crossing(
            f"cuts {list(shape)} into {list(new)}, which mixes rows of different pictures"
        )
    if flow in mixed:
        return [flow, *kept]
    bare = kept and mixed and kept[0] != rows and product(new[kept[0].axis + 1 :]) == 1
    return [*mixed] if bare else [*kept, *mixed]


def _unwoven(flow: Rows | Woven, shape: Shape, batch: int) -> tuple[Rows, Shape]:
    """Return how pictures lie where the blocks have an axis of their own, and the shape then."""
    if isinstance(flow, Rows):
        return flow, shape
    at = flow.axis
    return Rows(at + 1, flow.times), (
        *shape[:at],
        flow.blocks,
        flow.times * batch,
        *shape[at + 1 :],
    )


def resolved(said: Sequence[int], shape: Shape, *, zero_is_zero: bool) -> Shape | None:
    """Return the shape that a Reshape to ``said`` gives; ``None`` if it does not run."""
    if any(n == 0 and i >= len(shape) for i, n in enumerate(said)) and not zero_is_zero:
        return None
    sizes = [shape[i] if n == 0 and not zero_is_zero else n for i, n in enumerate(said)]
    rest = product([n for n in sizes if n != -1])
    if -1 in sizes:
        if sizes.count(-1) > 1 or not rest or product(shape) % rest:
            return None
        sizes[sizes.index(-1)] = product(shape) // rest
    return tuple(sizes) if product(sizes) == product(shape) else None


def grown(rows: Rows | Woven, shape: Shape, batch: int) -> Shape:
    """Return ``shape`` with the axis of the pictures as long as ``batch`` pictures need."""
    return (*shape[: rows.axis], rows.size(batch), *shape[rows.axis + 1 :])


def reshape(here: Here) -> Step:
    """Follow a Reshape; mend its shape where that has the batch written into it."""
    if is_fixed(here.flows[0]):
        return _for_each(here)
    said = here.numbers(1)
    flow, shape = here.flows[0], here.shape()
    rows = flow if isinstance(flow, Woven) else here.only()
    literal = bool(here.node.attribute("allowzero", 0))
    if said is None:
        raise Crossing("has its shape as an attribute, as before opset 5")
    new = resolved(said[0], shape, zero_is_zero=literal)
    if new is None:
        raise Crossing(f"cuts {list(shape)} into {said[0]}, which does not fit")

    def fits(tried: Sequence[Sequence[int]], out: Rows | Woven) -> bool:
        return all(
            resolved(to, grown(rows, shape, batch), zero_is_zero=literal) == grown(out, new, batch)
            for to, batch in zip(tried, here.batches, strict=True)
        )

    ways = _ways(rows, shape, new, here)
    if not here.written[1]:
        ways.sort(key=lambda way: not fits(said, way))
    alike = [way for way in ways if isinstance(way, Woven) or way.times == ways[0].times]
    out = alike[here.turn]
    if fits(said, out):
        return Step((out,), shape=new, ways=len(alike))
    if not here.written[1]:
        return Step((out,), (_replaced(here, out, new, said[0]),), new, len(alike))
    return Step((out,), (_mended(here, out, new, said[0], fits),), new, len(alike))


def _mended(
    here: Here,
    out: Rows | Woven,
    new: Shape,
    said: list[int],
    fits: Callable[[Sequence[Sequence[int]], Rows | Woven], bool],
) -> Found:
    """Write a shape without the batch where one says the same; else it counts the pictures."""
    wrote = f"writes batch {here.batches[0]} into its shape {said}"
    for values in _shapes(said, new, out.axis, here.open):
        if fits([values] * len(here.batches), out):
            return Found(wrote, f"shape {values}", Values(1, np.array(values, np.int64)))
    becomes = ", ".join("batch" if i == out.axis else str(n) for i, n in enumerate(said))
    return Found(wrote, f"shape [{becomes}]", Counted(1, out.axis, out.size(1)))


def _for_each(here: Here) -> Step:
    """Repeat what was made for one picture, where it is cut into a shape that counts them."""
    for axis, size in enumerate(here.shape()):
        rows = Rows(axis, size // here.batches[0])
        try:
            found = repeat(here, 0, rows)
            step = reshape(replace(here, flows=(rows, *here.flows[1:])))
        except Crossing:
            continue
        if not step.found:
            return replace(step, found=(found,))
    raise Crossing("computes with how many pictures there are")


def _shapes(said: list[int], new: Shape, axis: int, open_sizes: bool) -> list[list[int]]:  # noqa: FBT001
    """Return what may be written instead: 0 (as it comes in) where that is right, else -1."""
    copied = [0 if i == axis else n for i, n in enumerate(said)]
    if open_sizes and -1 in said:
        return [copied]
    pairs = enumerate(zip(said, new, strict=True))
    return [copied, [-1 if i == axis else m if n == -1 else n for i, (n, m) in pairs]]


def _replaced(here: Here, out: Rows | Woven, new: Shape, said: list[int]) -> Found:
    """Write a shape that was computed, with the batch in it, as a constant."""
    wrote = f"is given a shape with batch {here.batches[0]} in it, {said}"
    if here.open:
        raise Crossing(wrote)
    values = [-1 if i == out.axis else n for i, n in enumerate(new)]
    return Found(wrote, f"shape {values}", Values(1, np.array(values, np.int64)))


def flatten(here: Here) -> Step:
    """Follow a Flatten; one that makes a single row of everything starts one axis later."""
    rows, shape = here.only(), here.shape()
    axis = here.node.attribute("axis", 1)
    at = axis + len(shape) if axis < 0 else axis
    new = (product(shape[:at]), product(shape[at:]))
    out = _ways(rows, shape, new, here)[0]

    def fits(at: int) -> bool:
        return all(_flat(grown(rows, shape, b), at) == grown(out, new, b) for b in here.batches)

    if fits(at):
        return Step((out,), shape=new)
    if not fits(1):
        raise Crossing(
            f"makes {list(new)} of {list(shape)}, which mixes rows of different pictures"
        )
    wrote = f"makes one row of all {here.batches[0]} pictures"
    return Step((out,), (Found(wrote, "axis 1", Setting("axis", 1)),), new)


def _flat(shape: Shape, axis: int) -> Shape:
    return product(shape[:axis]), product(shape[axis:])


RESHAPE: Final = Rule("reshape", frozenset({"Reshape"}), reshape)
FLATTEN: Final = Rule("flatten", frozenset({"Flatten"}), flatten)
