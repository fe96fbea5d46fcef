"""Blocks of pictures, one behind the other along an axis: whole blocks are cut out and cut apart."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from onnxprobe.batch.flow import Crossing, Rows, Woven
from onnxprobe.batch.rules import moving
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Multiplied,
    Rule,
    Step,
    Unset,
    counted_from_front,
)

_START, _END = 1, 2
_SAID: Final = {_START: "begins", _END: "ends"}


def cuts(rule: Rule, here: Here, woven: Woven) -> bool:
    """Tell whether a node cuts ``woven`` along the axis of its blocks."""
    if rule not in CUT or here.flows[0] != woven:
        return False
    return woven.axis in (_sliced if rule is moving.SLICE else _split_along)(here)


def sliced(here: Here, woven: Woven) -> Step:
    """Take some whole blocks.

    Raises:
        Crossing: parts of blocks are taken.
    """
    place = _sliced(here).index(woven.axis)
    strides = here.numbers(4)
    bounds, found = [], list[Found]()
    for position, name in ((_START, "starts"), (_END, "ends")):
        said = [numbers[place] for numbers in moving.bounds(here, position, name)]
        sizes = [woven.size(batch) for batch in here.batches]
        cut = [_counted(n, size) for n, size in zip(said, sizes, strict=True)]
        (block,) = _blocks(here, woven, [min(max(cut[0], 0), sizes[0])])
        bounds.append(block)
        each = woven.times * block
        if cut == [each * batch for batch in here.batches]:
            continue
        if not here.has(position) or not here.written[position]:
            raise _parts(woven)
        wrote = f"{_SAID[position]} axis {woven.axis} at {said[0]}, which counts {here.batches[0]}"
        found.append(
            Found(f"{wrote} in a batch", f"{each} x batch", Counted(position, place, each))
        )
    if bounds[0] >= bounds[1] or (strides is not None and strides[0][place] != 1):
        raise _parts(woven)
    return Step((_left(woven, bounds[1] - bounds[0]),), tuple(found))


def split(here: Here, woven: Woven) -> Step:
    """Cut into pieces of whole blocks.

    Raises:
        Crossing: a block is cut.
    """
    said, pieces = here.numbers(1), len(here.node.outputs)
    sizes = here.axes(None, "split")
    if said is None and not woven.blocks % pieces and len(set(sizes or ())) <= 1:
        found = (_evenly(here, sizes),) if sizes else ()
        return Step((_left(woven, woven.blocks // pieces),) * pieces, found)
    if said is None:
        raise _parts(woven)
    blocks = _blocks(here, woven, said[0])
    each = tuple(woven.times * block for block in blocks)
    flows = tuple(_left(woven, block) for block in blocks)
    tried = zip(said, here.batches, strict=True)
    if all(sizes == [n * batch for n in each] for sizes, batch in tried):
        return Step(flows)
    if not here.written[1]:
        raise _parts(woven)
    wrote = f"writes batch {here.batches[0]} into its sizes {said[0]}"
    becomes = f"{list(each)} x batch"
    return Step(flows, (Found(wrote, becomes, Multiplied(1, each)),))


def _evenly(here: Here, sizes: list[int]) -> Found:
    """Leave out sizes that are all the same, as an attribute cannot count."""
    wrote = f"writes batch {here.batches[0]} into its sizes {sizes}"
    return Found(wrote, f"{len(sizes)} pieces of one size", Unset("split"))


def _counted(bound: int, size: int) -> int:
    """Return a bound of a Slice counted from the front; one that lies beyond every size is the end."""
    return size if bound >= moving.END else bound + size * (bound < 0)


def _sliced(here: Here) -> list[int]:
    starts = moving.bounds(here, _START, "starts")[0]
    return [counted_from_front(n, here.rank()) for n in here.axes(3) or range(len(starts))]


def _split_along(here: Here) -> list[int]:
    return [counted_from_front(here.node.attribute("axis", 0), here.rank())]


def _blocks(here: Here, woven: Woven, cut: Sequence[int]) -> list[int]:
    """Return sizes, at the written batch, as numbers of blocks."""
    blocks, rest = np.divmod(cut, woven.times * here.batches[0])
    if rest.any():
        raise _parts(woven)
    return [int(block) for block in blocks]


def _left(woven: Woven, blocks: int) -> Rows | Woven:
    if blocks == 1:
        return Rows(woven.axis, woven.times)
    return Woven(woven.axis, blocks, woven.times, woven.by)


def _parts(woven: Woven) -> Crossing:
    return Crossing(f"cuts pictures that {woven.by} weaves into each other")


CUT: Final = {moving.SLICE: sliced, moving.SPLIT: split}
"""How what cuts along the axis of the blocks is followed."""
