"""What labelling found, on the terminal and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.label import Drift, HeadLabels, Labels, Share
from onnxprobe.report.pictures import counts_text
from onnxprobe.report.wording import listed, percent, plural, tail, visible

_MOST: Final = 12
"""Rows of a table."""
_NAMED: Final = 3
"""Classes that the warning names."""
_WIDTH: Final = 36  # characters


def labels_text(found: Labels, out: Path, origin: str) -> RenderableType:
    """Draw what was found, in 80 columns; ``origin`` says who told how pictures are prepared."""
    parts: list[RenderableType] = [
        Text(visible(f"{out}: {counts_text(found.counts)}; preprocessing: {origin}"))
    ]
    for head in found.heads:
        parts += _head(head, found)
    if found.by is not None:
        parts += _drift(found)
    return Group(*parts)


def labels_json(found: Labels) -> dict[str, Any]:
    """Return what was found as plain values, the warnings among them."""
    return asdict(found) | {"warnings": list(warnings_of(found))}


def warnings_of(found: Labels) -> Iterator[str]:
    """Yield one line for each head of which a class has left its interval."""
    for head in found.heads:
        if not head.left:
            continue
        named = [_left(share) for share in head.left[:_NAMED]]
        more = len(head.left) - len(named)
        said = listed([*named, f"{more:,} more"] if more else named)
        of = plural(len(head.shares), "class", "classes")
        yield f"{len(head.left)} of {of} of {head.prefix!r} left the expected share: {said}"


def _left(share: Share) -> str:
    return f"{visible(share.name)!r} is {percent2(share.observed)}, not {_between(share)}"


def _between(share: Share | Drift) -> str:
    return f"{percent2(share.low)} to {percent2(share.high)}"


def percent2(value: float | None) -> str:
    """Write a share of 1 as a percentage with two places, a missing one as a dash."""
    return "–" if value is None else f"{value:.2%}"


def _head(head: HeadLabels, found: Labels) -> Iterator[RenderableType]:
    labelled = found.counts.get("ok", 0)
    none = percent(head.none / labelled if labelled else None)
    said = f"{plural(len(head.shares), 'class', 'classes')} of {head.prefix!r}; in none: {none}"
    yield Text()
    if head.origin is None:
        yield Text(visible(f"{said}; what was to be expected is not known, see --expected"))
    else:
        yield Text(
            visible(
                f"{said}; expected: as in the sample of {head.sample:,} pictures, by {head.origin}; "
                f"intervals of {found.confidence:.0%} for all classes together"
            ),
        )
    order = sorted(head.shares, key=lambda share: (not share.left, -share.pictures, share.id))
    yield _table(order[:_MOST])
    if (more := len(order) - _MOST) > 0:
        yield Text(f"  and {more:,} more, in --json", style="dim")


def _table(found: list[Share]) -> Table:
    table = _columns("class", "pictures", "share", "expected", "interval")
    for share in found:
        style = "bold red" if share.left else ""
        mark = "! " if share.left else ""
        table.add_row(
            Text(tail(visible(share.name), _WIDTH)),
            Text(f"{share.pictures:,}"),
            Text(f"{mark}{percent2(share.observed)}", style=style),
            Text(percent2(share.expected)),
            Text("–" if share.low is None else _between(share)),
        )
    return table


def _drift(found: Labels) -> Iterator[RenderableType]:
    yield Text()
    where = f"{plural(found.parts, 'part')} by {found.by!r}"
    if not found.drift:
        yield Text(visible(f"{where}: in none is a class rarer or more frequent than elsewhere"))
        return
    yield Text(visible(f"{where}; rarer or more frequent than elsewhere, the furthest first:"))
    table = _columns("part", "class", "share", "elsewhere", "interval")
    for one in found.drift[:_MOST]:
        table.add_row(
            Text(tail(visible(one.part), _WIDTH)),
            Text(tail(visible(one.name), _WIDTH // 2)),
            Text(percent2(one.share)),
            Text(percent2(one.elsewhere)),
            Text(_between(one)),
        )
    yield table
    if (more := len(found.drift) - _MOST) > 0:
        yield Text(f"  and {more:,} more, in --json", style="dim")


def _columns(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name == "class" else "right", no_wrap=True)
    return table
