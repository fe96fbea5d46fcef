"""What the vectors of a store are like, on the terminal."""

from collections.abc import Sequence
from typing import Final

from onnxprobe.errors import plural
from onnxprobe.report.wording import percent, visible
from onnxprobe.store.duplicates import Group
from onnxprobe.store.gathered import Gathered

_NAMED: Final = 6
"""Channels, or pictures, that are named; --json names all."""


def gathered_text(found: Sequence[Gathered]) -> str:
    """Say of each probe what its vectors are like, and which pictures are there twice."""
    return "".join(f"\n{line}" for one in found for line in _lines(one))


def _lines(one: Gathered) -> list[str]:
    found = one.channels
    width = len(found.low)
    zeros = percent(float(found.zeros.sum()) / max(1, width * found.count))
    bounds = f"{found.low.min():.4g} to {found.high.max():.4g}" if found.count else "no vectors"
    dead = found.dead.tolist()
    never = f"{plural(len(dead), 'channel')} never change" + ("s" if len(dead) == 1 else "")
    return [
        "",
        visible(one.probe),
        f"  {plural(width, 'channel')}, {bounds}; {zeros} of the values are 0",
        f"  {never}" + (f": {_some([str(i) for i in dead])}" if dead else ""),
        f"  the same file: {_twice(one, one.exact)}",
        f"  alike from {one.similarity:g} on: {_twice(one, one.near)}",
    ]


def _twice(one: Gathered, groups: Sequence[Group]) -> str:
    if not groups:
        return "no pictures"
    pictures = sum(len(group.rows) for group in groups)
    largest = max(groups, key=lambda group: len(group.rows))
    names = _some([visible(name) for name in one.named(largest)])
    return f"{plural(pictures, 'picture')} in {plural(len(groups), 'group')}, the largest: {names}"


def _some(words: Sequence[str]) -> str:
    more = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
