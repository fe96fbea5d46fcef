"""Two runs side by side, on a terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.compare import Comparison, Fate
from onnxprobe.compare.compare import Side, Views
from onnxprobe.errors import plural
from onnxprobe.report.wording import percent, score, tail, visible

_VIEW: Final = 30  # characters
_NAME: Final = 28
_MORE: Final = "every view with every other: --json, --html"
THERE: Final = {
    "same": "is {}",
    "split": "is split into {}",
    "merged": "is merged with others into {}",
    "part": "is a part of {}",
    "gone": "has no counterpart",
}
"""What became of a domain, in words; the names of others go into the gap."""


def comparison_table(found: Comparison) -> RenderableType:
    """Draw how alike the views are, and what became of the domains of each run in the other."""
    return Group(
        *(Text(line) for line in headlines(found)),
        Text(),
        _views(found),
        Text(),
        *(Text(line, style="dim") for line in (*notes(found), _MORE)),
        *_domains("first run, seen from the second", found.one),
        *_domains("second run, seen from the first", found.other),
    )


def headlines(found: Comparison) -> tuple[str, ...]:
    """Name the runs, what they have in common, and how far their domains agree."""
    agree = ""
    if found.ami is not None:
        agree = f"; domains agree to AMI {score(found.ami)} (1: the same, 0: as by chance)"
    if found.ami_inside is not None:
        agree += f", {score(found.ami_inside)} where both runs have one"
    return (
        f"first   {visible(found.one.run)}  ({visible(found.one.model)})",
        f"second  {visible(found.other.run)}  ({visible(found.other.model)})",
        f"{plural(found.pictures, 'picture')} in both{agree}",
        f"domains of the first: {counted(found.one.domains)}",
        f"domains of the second: {counted(found.other.domains)}",
    )


def counted(domains: Sequence[Fate]) -> str:
    """Count the fates of domains."""
    if not domains:
        return "none"
    counts = Counter(fate.fate for fate in domains)
    return ", ".join(f"{counts[fate]} {fate}" for fate in THERE if counts[fate])


def notes(found: Comparison) -> tuple[str, ...]:
    """Say how the figures are read."""
    return (
        "CKA: linear, debiased (Kornblith et al. 2019); 1: the same up to a turn, 0: nothing in common",
        f"near: part of a picture's 10 nearest that are the same; by chance {percent(found.chance)}",
        "both over " + _compared(found),
    )


def _compared(found: Comparison) -> str:
    if found.compared == found.pictures:
        return plural(found.compared, "picture")
    return f"the first {plural(found.compared, 'picture')} of {found.pictures:,}; more: --sample"


def said(fate: Fate) -> str:
    """Say what became of a domain, in words."""
    others = ", ".join(map(visible, fate.others))
    return THERE[fate.fate].format(others)


def nearest(found: Comparison) -> list[Views]:
    """Return the views of the two picks, and for each view of the first run the one most like it."""
    best: dict[str, Views] = {}
    for views in found.views:
        before = best.get(views.one)
        if before is None or (views.cka or 0) > (before.cka or 0):
            best[views.one] = views
    return list(dict.fromkeys((found.views[0], *best.values())))


def _views(found: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("first", no_wrap=True)
    table.add_column("second", no_wrap=True)
    table.add_column("CKA", justify="right")
    table.add_column("near", justify="right")
    for views in nearest(found):
        names = (Text(tail(visible(name), _VIEW)) for name in (views.one, views.other))
        table.add_row(*names, Text(score(views.cka)), Text(score(views.neighbours)))
    return table


def _domains(title: str, side: Side) -> Iterator[RenderableType]:
    if not side.domains:
        return
    yield Text()
    yield Text(title, style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True, style="dim")
    for fate in side.domains:
        style = "" if fate.fate == "same" else "yellow"
        overlap = f"Jaccard {fate.jaccard:.2f}"
        name = tail(visible(fate.name), _NAME)
        table.add_row(Text(name), Text(f"{fate.size:,}"), Text(said(fate), style), Text(overlap))
    yield table
