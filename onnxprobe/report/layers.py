"""How a network looks on a terminal: its layers, and which of its tensors to probe."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from onnxprobe.graph.inspect import Inspection, Layer, Port
from onnxprobe.graph.pick import Alternative, Pick
from onnxprobe.report.listing import Column, Listing, Row
from onnxprobe.report.wording import plural, shape, tail, visible

_ENDS: Final = 2_500
"""So many layers are drawn from each end of a network that has more than twice as many."""
_NAME: Final = 40
"""Longer names keep their end."""
_COLUMNS: Final = (
    Column("#", right=True),
    Column("op", gives_way=True),
    Column("output", gives_way=True),
    Column("shape"),
    Column("elements", right=True),
    Column("params", right=True),
    Column("MACs", right=True),
    Column("cut"),
)
_PICKED: Final = Style(color="green", bold=True)


def inspection(found: Inspection) -> RenderableType:
    """Draw the layers, the totals and the pick."""
    head = Text(f"{visible(found.model)}  opset {found.opset}, IR {found.ir_version}", style="bold")
    ends = [Text(f"{side:>6}  {_port(port)}") for side, port in _ports(found)]
    last = Text(visible(found.unpicked)) if found.pick is None else pick(found.pick)
    return Group(head, *ends, layers(found), Text(_totals(found)), Text(), last)


def layers(found: Inspection) -> Listing:
    """Draw one row an operation; ``│`` marks where the model can be split, ``◀`` the pick."""
    picked = None if found.pick is None else found.pick.tensor
    left_out = max(0, len(found.layers) - 2 * _ENDS)
    first = found.layers[:_ENDS] if left_out else found.layers
    last = found.layers[-_ENDS:] if left_out else ()
    more = [Row(("…", f"{left_out:,} more", "--json lists them"))] if left_out else []
    rows = ([_row(layer, picked) for layer in part] for part in (first, last))
    return Listing(_COLUMNS, [*next(rows), *more, *next(rows)])


def pick(found: Pick) -> RenderableType:
    """Draw the picked tensor, the reasons, and what else one may have meant."""
    kind = "AMBIGUOUS" if found.ambiguous else "pick"
    line = Text.assemble(
        (f"{kind}  ", "bold red" if found.ambiguous else "bold green"),
        (visible(found.tensor), "bold"),
        f"  {shape(found.shape)}  {found.op}, {found.role}",
    )
    reasons = Table.grid()
    for reason in found.reasons:
        reasons.add_row(Text("  · "), Text(visible(reason), overflow="fold"))
    return Group(line, reasons, *_others(found.alternatives))


def short(number: int | None) -> str:
    """Write a count in few letters; an unknown one is ``?``, none at all is blank.

    >>> short(385_187_552), short(1280), short(0), short(None)
    ('385.2M', '1,280', '', '?')
    """
    if number is None:
        return "?"
    for size, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= size:
            return f"{number / (10**3 if letter == 'k' else size):.1f}{letter}"
    return f"{number:,}" if number else ""


def _ports(found: Inspection) -> Iterator[tuple[str, Port]]:
    yield from (("input", port) for port in found.inputs)
    yield from (("output", port) for port in found.outputs)


def _port(port: Port) -> str:
    batch = "?" if port.batch is None else visible(str(port.batch))
    dims = "?" if port.shape is None else "×".join(filter(None, [batch, shape(port.shape)]))
    return f"{visible(port.name)}  {port.dtype or '?'} {dims}"


def _row(layer: Layer, picked: str | None) -> Row:
    is_pick = layer.output == picked
    cells = (
        str(layer.index),
        visible(layer.op),
        tail(visible(layer.output), _NAME),
        "?" if layer.shape is None else shape(layer.shape),
        short(layer.elements),
        short(layer.parameters),
        short(layer.macs),
        "◀ pick" if is_pick else "│" if layer.cut else "",
    )
    return Row(cells, _PICKED) if is_pick else Row(cells)


def _totals(found: Inspection) -> str:
    at_least = "at least " if found.uncounted else ""
    said = [
        plural(len(found.layers), "layer"),
        f"{short(found.parameters) or 0} parameters ({short(found.weight_bytes) or 0}B)",
        f"{at_least}{short(found.macs) or 0} multiply-accumulates per sample",
    ]
    if found.uncounted:
        said.append(f"{plural(found.uncounted, 'layer')} not counted: shape or operator unknown")
    return ", ".join(said)


def _others(alternatives: Sequence[Alternative]) -> Iterator[RenderableType]:
    if not alternatives:
        return
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    for other in alternatives:
        cells = visible(other.tensor), shape(other.shape), visible(other.why)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    yield Text("or")
    yield Padding(table, (0, 0, 0, 2), expand=False)
