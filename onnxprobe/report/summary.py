"""What a run did and found, on the terminal when it ends."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.report.facts import DomainFacts, Facts
from onnxprobe.report.reading import mapping, sequence
from onnxprobe.report.trust import Trust
from onnxprobe.report.wording import listed, percent, plural, score, shape, tail, visible

MOST_DOMAINS: Final = 20
_NAME: Final = 22  # characters
_VIEW: Final = 64
_FLAGGED: Final = 12  # domains
_TENSOR: Final = 44
_FILES: Final = {
    "report.html": "the map and the galleries: open this first",
    "fused.onnx": "the backbone with the head in it",
    "head.onnx": "the head alone",
    "proof.json": "what was compared to show that the old outputs are kept",
    "groups.parquet": "every picture with its domains and the head's answer",
    "embeddings.h5": "every picture's embedding, and the ledger",
    "run.json": "all of this for programs",
}


def summary(run: Mapping[str, Any], folder: Path | None = None) -> RenderableType:
    """Draw what ``run.json`` says, in 80 columns.

    Args:
        run: what ``run.json`` holds.
        folder: where the run's files are; those that are there are listed.
    """
    facts = Facts.of(run)
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    for label, content in _lines(facts, mapping(run.get("model"))):
        lines.add_row(label, content)
    parts: list[RenderableType] = [Text(), Text(_headline(facts), style="bold"), Text(), lines]
    if facts.domains:
        parts += [Text(), *_domains(facts), Text(), _judgement(facts)]
        parts += _strangers(Trust.of(mapping(run.get("heldout"))))
    if folder is not None:
        parts += [Text(), _files(folder)]
    return Group(*parts, Text())


def _headline(facts: Facts) -> str:
    pictures = plural(facts.counts.get("ok", 0), "picture")
    if not facts.domains:
        return f"No domain in {pictures}"
    return f"{plural(len(facts.domains), 'domain')} in {pictures}"


def _lines(facts: Facts, model: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    yield "pictures", _text(f"{facts.images}{_taken(facts)}{_lost(facts)}")
    yield "backbone", _text(facts.model)
    if origin := model.get("preprocess_origin"):
        style = "yellow" if origin == "assumed" else ""
        yield "preprocessing", Text(visible(f"from: {origin}"), style=style)
    if facts.pick:
        yield "pick", _pick(facts.pick)
    if others := [probe for probe in facts.probes if not _is_of(facts.pick, probe)]:
        yield "also probed", Text("\n".join(tail(visible(probe), _VIEW) for probe in others))
    if not facts.domains:
        yield "found", _text(_nothing(facts))
    elif facts.covered is not None:
        yield "covered", _text(_covered(facts.covered, facts.agreement))


def _taken(facts: Facts) -> str:
    return f", {facts.pictures:,} of {facts.drawn_from:,}" if facts.drawn_from else ""


def _lost(facts: Facts) -> str:
    unread = [f"{count:,} {status}" for status, count in facts.unread.items()]
    return f"; left out: {listed(unread)}" if unread else ", all of them read"


def _covered(part: float, agreement: float | None) -> str:
    """Say how much is in domains, and whether what is near it is so too; their product is what counts."""
    said = f"{percent(part)} of the pictures are in a domain"
    if agreement is None:
        return said
    near = f"of the ten nearest to each {percent(agreement)} are in the same one"
    return f"{said}; {near} (product {score(part * agreement)})"


def _nothing(facts: Facts) -> str:
    why = "no group of pictures was found"
    if facts.resampled:
        why = "no group of pictures comes back often enough when parts of them are grouped again"
    return f"{why}; there is nothing to recognise, so no model was fused"


def _is_of(pick: Mapping[str, Any], probe: str) -> bool:
    return probe.rpartition(":")[0] == pick.get("tensor")


def _pick(pick: Mapping[str, Any]) -> Text:
    """Name the picked tensor, its shape and the first reason."""
    tensor = tail(visible(str(pick.get("tensor", "?"))), _TENSOR)
    said = Text(f"{tensor}  {shape(pick.get('shape'))}")
    if pick.get("ambiguous"):
        said.append("\nambiguous: see the alternatives in the report", style="yellow")
    for reason in sequence(pick.get("reasons"))[:1]:
        said.append(f"\n{visible(str(reason))}", style="dim")
    return said


def _domains(facts: Facts) -> Iterator[RenderableType]:
    """List the domains, those of one view under its name; all tables have the same columns."""
    shown = facts.domains[:MOST_DOMAINS]
    names = {domain.id: _head(visible(domain.name), _NAME) for domain in shown}
    width = max(map(len, names.values()))
    yield _table(width, header=True)
    for view in dict.fromkeys(domain.view for domain in shown):
        table = _table(width, header=False)
        members = [domain for domain in shown if domain.view == view]
        for domain in members:
            table.add_row(*_row(domain, names[domain.id]))
        depth = members[0].depth
        where = f"  {tail(visible(view), _VIEW)}"
        yield Text(where if depth is None else f"{where}, {depth:.0%} deep", style="dim")
        yield table
    if more := len(facts.domains) - len(shown):
        yield Text(f"  and {more:,} more, in the report", style="dim")


def _table(name_width: int, *, header: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=header, header_style="dim")
    table.add_column("id", justify="right", width=5)
    table.add_column("domain", no_wrap=True, width=max(6, name_width))
    for name in ("pictures", "stability", "recall", "share ratio"):
        table.add_column(name, justify="right", no_wrap=True, width=max(8, len(name)))
    return table


def _row(domain: DomainFacts, name: str) -> list[Text]:
    return [
        Text(str(domain.id), style="dim"),
        Text(name),
        Text("–" if domain.size is None else f"{domain.size:,}"),
        Text(score(domain.stability)),
        _judged(domain.recall, flagged=domain.misses),
        _judged(domain.ratio, flagged=domain.miscounts),
    ]


def _judged(value: float | None, *, flagged: bool) -> Text:
    return Text(f"! {score(value)}", style="bold red") if flagged else Text(score(value))


def _judgement(facts: Facts) -> Text:
    """Say how well the head does on pictures it has not seen."""
    held = facts.heldout
    if held.rows is None:
        return Text("The head was not tested: no pictures were held out.", style="yellow")
    constant = held.constant_f1(len(facts.domains))
    said = Text(f"On {plural(held.rows, 'held-out picture')} the head scores macro-F1 ")
    said.append(score(held.macro_f1), style="bold")
    said.append(f" (always the largest domain: {score(constant)}), ")
    said.append(f"macro-AUC {score(held.macro_auc)}, weakest recall {score(held.worst_recall)}. ")
    if not facts.flagged:
        return said.append("Every domain is found and counted within bounds.", style="green")
    need = plural(len(facts.flagged), "domain needs", "domains need")
    return said.append(f"{need} a look (!): {_some(facts.flagged)}.", style="red")


def _strangers(trust: Trust) -> Iterator[Text]:
    """Say how surely pictures of no domain are told, and which kind of head does better."""
    told = trust.auroc.get(trust.measure or "")
    if trust.answered is not None and told is not None:
        yield Text(
            f"It answers {trust.answered:.1%} of them; by {trust.measure!r} strangers ({trust.against}) "
            f"are told from known pictures at AUROC {score(told)}."
        )
    blank = trust.noise.get(trust.measure or "")
    if blank is not None:
        yield Text(
            f"Pictures of nothing (noise, clouds, plain colours, stripes) are told from those in "
            f"domains at AUROC {score(blank)} by {trust.measure!r}; where they are, the answer is −1."
        )
    if trust.better is not None:
        yield Text(
            f"The {trust.better} head scores higher here; to fuse it: --set "
            f"classifier.head={trust.better}"
        )


def _some(domains: Sequence[DomainFacts]) -> str:
    """List the first ids, and how many there are beside them."""
    ids = [str(domain.id) for domain in domains[:_FLAGGED]]
    more = len(domains) - len(ids)
    return listed([*ids, f"{more:,} more"] if more else ids)


def _files(folder: Path) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    table.add_row(_text(f"{folder}/"), "")
    for name, about in _FILES.items():
        if (folder / name).is_file():
            table.add_row(f"  {name}", about)
    return table


def _text(said: str) -> Text:
    return Text(visible(said))


def _head(said: str, width: int) -> str:
    return said if len(said) <= width else f"{said[: width - 1]}…"
