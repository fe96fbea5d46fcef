"""What marks the domains of a run, with the effect sizes, on a terminal."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.report.domains import NONE, begun
from onnxprobe.report.facts import DomainFacts, Facts, MarkFacts
from onnxprobe.report.reading import mapping, number
from onnxprobe.report.wording import plural, signed, visible

_READ: Final = (
    "effect: Cliff's delta, the chance that a picture of the domain has more of it than another, "
    "less the chance that it has less; −1 to +1"
)
_NOTHING: Final = "nothing that was compared tells it from the rest"


def marks_table(run: Mapping[str, Any]) -> RenderableType:
    """Draw what marks each domain, the largest effects first, from what ``run.json`` holds."""
    facts = Facts.of(run)
    if not facts.domains:
        return Text(NONE)
    table = begun()
    table.add_column("mark", overflow="fold")
    table.add_column("effect", justify="right", no_wrap=True)
    table.add_column("inside against outside", overflow="fold")
    for domain in facts.domains:
        _add(table, domain)
    compared = number(mapping(run.get("described")).get("pictures"))
    return Group(table, Text(), *(Text(line, style="dim") for line in _notes(compared, facts)))


def _add(table: Table, domain: DomainFacts) -> None:
    called = Text(str(domain.id)), Text(visible(domain.name))
    if not domain.marks:
        table.add_row(*called, Text(_NOTHING, style="dim"), Text("–"), Text())
    for number_, mark in enumerate(domain.marks):
        first = (Text(), Text()) if number_ else called
        table.add_row(*first, Text(_said(mark)), Text(signed(mark.effect)), Text(mark.figures))


def _said(mark: MarkFacts) -> str:
    """Name a mark: what it says, and of what."""
    known = not mark.words or mark.what in mark.words
    return visible((mark.words or mark.what) if known else f"{mark.words} ({mark.what})")


def _notes(compared: float | None, facts: Facts) -> tuple[str, ...]:
    there = facts.counts.get("ok", 0)
    if compared is None or compared >= there:
        return (_READ,)
    return _READ, f"over the first {plural(int(compared), 'picture')} of {there:,}; more: --sample"
