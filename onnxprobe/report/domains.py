"""The domains of a run, on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.report.facts import DomainFacts, Facts
from onnxprobe.report.reading import mapping, sequence
from onnxprobe.report.wording import score, visible

NONE: Final = "no domains: no group of pictures was found"


def domains_table(run: Mapping[str, Any]) -> RenderableType:
    """Draw a row a domain, from what ``run.json`` holds, and the edits that were skipped."""
    facts = Facts.of(run)
    if not facts.domains:
        return Text(NONE)
    table = begun()
    for title in ("pictures", "stability", "near", "recall", "precision", "ratio", "depth"):
        table.add_column(title, justify="right", no_wrap=True)
    for domain in facts.domains:
        table.add_row(*_row(domain))
    described = [domain for domain in facts.domains if domain.description]
    skipped = (mapping(entry).get("skipped") for entry in sequence(run.get("edits")))
    return Group(
        table,
        *([Text(), _described(described)] if described else ()),
        *(Text(f"skipped: {why}", style="yellow") for why in skipped if why),
    )


def begun() -> Table:
    """Return a table of domains with the columns that say which they are, and no rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("domain", overflow="fold")
    return table


def _described(domains: Sequence[DomainFacts]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for domain in domains:
        table.add_row(Text(str(domain.id)), Text(visible(domain.description)))
    return table


def _row(domain: DomainFacts) -> tuple[Text, ...]:
    return (
        Text(str(domain.id)),
        Text(visible(domain.name)),
        Text("–" if domain.size is None else f"{domain.size:,}"),
        Text(score(domain.stability)),
        Text(score(domain.agreement)),
        _judged(domain.recall, flagged=domain.misses),
        Text(score(domain.precision)),
        _judged(domain.ratio, flagged=domain.miscounts),
        Text("–" if domain.depth is None else f"{domain.depth:.0%}"),
    )


def _judged(value: float | None, *, flagged: bool) -> Text:
    return Text(f"! {score(value)}", style="bold red") if flagged else Text(score(value))
