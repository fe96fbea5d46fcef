"""What tapping a network costs, on the terminal."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.report.wording import visible
from onnxprobe.taps import Tap, Taps

_PICKED: Final = "◀ pick"


def taps_table(found: Taps) -> RenderableType:
    """Draw one row a tap, front to back, and say what the columns mean."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("tensor", "shape", "pooling"):
        table.add_column(title)
    table.add_column("depth", justify="right")
    for title in ("old answers", "operators more", "time (quartiles)", ""):
        table.add_column(title, no_wrap=title != "operators more")
    for tap in found.taps:
        table.add_row(*map(Text, _row(tap)))
    return Group(table, Text(), *map(Text, _words(found)))


def _row(tap: Tap) -> tuple[str, ...]:
    low, middle, high = tap.ratio
    return (
        visible(tap.tensor),
        "×".join("?" if size is None else str(size) for size in tap.shape),
        tap.pooling,
        f"{tap.depth:.2f}",
        "the same" if tap.identical else "other bits",
        _operators(tap),
        f"{middle:.3f} ({low:.3f} to {high:.3f})",
        _PICKED if tap.picked else "",
    )


def _operators(tap: Tap) -> str:
    more = [f"+{count} {op}" for op, count in sorted(tap.more.items())]
    fewer = [f"−{count} {op}" for op, count in sorted(tap.fewer.items())]
    return ", ".join([*more, *fewer]) or "none"


def _words(found: Taps) -> list[str]:
    measured = (
        f"{len(found.taps)} of {found.cuts} cuts; {found.rounds} rounds at batch 1, one thread"
    )
    more = (
        "operators more: what ONNX Runtime runs only because the tensor must be there, the pooling "
        "aside: fusions lost, layouts converted"
    )
    return [
        f"time: a run with the tap against one without, {measured}",
        more,
        "where the old answers get other bits, nothing can be fused: stitch refuses it",
    ]
