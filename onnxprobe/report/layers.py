"""How a network looks on a terminal: its layers, and which of its tensors to probe."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from onnxprobe.graph.inspect import Inspection, Layer, Port
from onnxprobe.graph.pick import Alternative, Pick
from onnxprobe.report.wording import plural, shape, tail, visible

_MOST: Final = 1_000
"""A network of more layers is not drawn whole,"""
_ENDS: Final = 100
"""but so many from each end: a thousand more rows take a second."""
_NAME: Final = 40
"""Longer names keep their end."""
_COLUMNS: Final = (
    ("#", "right"),
    ("op", "left"),
    ("output", "left"),
    ("shape", "left"),
    ("elements", "right"),
    ("params", "right"),
    ("MACs", "right"),
    ("cut", "left"),
)
_GIVE_WAY: Final = frozenset({"op", "output"})
"""Columns that are cut short on a narrow terminal; figures never are."""


def inspection(found: Inspection) -> RenderableType:
    """Draw the layers, the totals and the pick."""
    head = Text(f"{visible(found.model)}  opset {found.opset}, IR {found.ir_version}", style="bold")
    ends = [Text(f"{side:>6}  {_port(port)}") for side, port in _ports(found)]
    last = Text(visible(found.unpicked)) if found.pick is None else pick(found.pick)
    return Group(head, *ends, layers(found), Text(_totals(found)), Text(), last)


def layers(found: Inspection) -> Table:
    """Draw one row an operation; ``│`` marks where the model can be split, ``◀`` the pick."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in _COLUMNS:
        side: JustifyMethod = "right" if justify == "right" else "left"
        table.add_column(title, justify=side, no_wrap=title not in _GIVE_WAY)
    picked = None if found.pick is None else found.pick.tensor
    left_out = len(found.layers) - 2 * _ENDS if len(found.layers) > _MOST else 0
    shown = found.layers[:_ENDS] if left_out else found.layers
    for layer in shown:
        table.add_row(*_row(layer, picked))
    if left_out:
        table.add_row(Text("…"), Text(f"{left_out:,} more"), Text("--json lists them"))
        for layer in found.layers[-_ENDS:]:
            table.add_row(*_row(layer, picked))
    return table


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


def _row(layer: Layer, picked: str | None) -> list[Text]:
    mark = "◀ pick" if layer.output == picked else "│" if layer.cut else ""
    cells = (
        str(layer.index),
        visible(layer.op),
        tail(visible(layer.output), _NAME),
        "?" if layer.shape is None else shape(layer.shape),
        short(layer.elements),
        short(layer.parameters),
        short(layer.macs),
        mark,
    )
    style = "bold green" if mark.startswith("◀") else ""
    return [Text(cell, style=style, no_wrap=True, overflow="ellipsis") for cell in cells]


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
