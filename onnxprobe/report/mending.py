"""What mending a model found and did, on the terminal: heads taken out, batches, repairs."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from onnxprobe.answers import Agreement
from onnxprobe.batch.proving import Alone
from onnxprobe.batch.proving import Mended as MendedBatch
from onnxprobe.errors import plural, quoted
from onnxprobe.repair.proving import Mended as Repaired
from onnxprobe.unfuse import FusedHead, Unfused

_NAMED = 3
"""How many of what a finding affects are named; --json names all."""


def heads_table(heads: Sequence[FusedHead]) -> Table | Text:
    """Show each head, what it reads and what it returns."""
    if not heads:
        return Text("no head was fused into this model")
    table = Table("head", "kind", "classes", box=None, padding=(0, 2, 0, 0))
    for title in ("reads", "returns"):
        table.add_column(title, overflow="fold")
    for head in heads:
        classes = str(len(head.classes)) if head.classes else "?"
        cells = (head.name, head.kind, classes, "\n".join(head.probes), "\n".join(head.outputs))
        table.add_row(*map(Text, cells))
    return table


def unfused_line(done: Unfused, out: Path) -> str:
    """Say which heads were taken out, and what shows that nothing else changed."""
    stay = f" (kept: {quoted(done.kept)})" if done.kept else ""
    return f"{out}: without {quoted(done.removed)}{stay}; {_shown(done)}"


def _shown(done: Unfused) -> str:
    if done.original:
        return "byte for byte the backbone that was fused"
    if not done.batches:
        return "written without proof, as asked"
    return f"{plural(len(done.outputs), 'output')} bit-identical at batch {_listed(done.batches)}"


def batch_text(done: MendedBatch, out: Path) -> str:
    """Say which nodes counted on one batch, and how pictures together compare with each alone."""
    lines = [f"{place}; now: {place.becomes}" for place in done.baked]
    if done.flat:
        lines.append("local functions, and branches on a constant, are written out flat")
    if done.declared:
        lines.append(f"the inputs declare batch {done.batch}; now: any")
    if not done.changed:
        lines.append("the batch is dynamic already; nothing had to change")
    lines += [_alone(output, done) for output in done.outputs]
    return "\n".join([*lines, str(out)])


def _alone(output: Alone, done: MendedBatch) -> str:
    rows = f" ({output.rows} rows a picture)" if output.rows > 1 else ""
    others = [batch for batch in done.batches if batch not in output.identical]
    said = [f"bit-identical at batch {_listed(output.identical)}"] if output.identical else []
    if others:
        said.append(
            f"within {output.difference:.1e} of its largest value at batch {_listed(others)} "
            f"(allowed: {done.tolerance:.0e})"
        )
    return f"output {output.name!r}{rows}, together against alone: {', '.join(said)}"


def repair_text(done: Repaired, out: Path | None) -> str:
    """Say what was wrong, what was done, and what running both files showed.

    Where nothing was written, ``out`` is ``None``.
    """
    lines = [f"{finding}: {_named(finding.names)}" for finding in done.findings]
    if not done.findings:
        lines.append("nothing to repair")
    if done.before:
        lines.append(f"before: {done.before}")
        lines.append(f"after: {done.after or 'it runs'}")
    if not done.proven:
        lines.append("not run, as asked" if out is None else "written without proof, as asked")
    lines += [_compared(output, done.batches) for output in done.outputs]
    if out is None and done.findings:
        lines.append("nothing was written; -o OUT writes the mended file")
    return "\n".join(lines if out is None else [*lines, str(out)])


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _compared(output: Agreement, batches: Sequence[int]) -> str:
    far = "bit-identical" if output.identical else f"within {output.max_difference:.1e}"
    return f"output {output.name!r}: {far} at batch {_listed(batches)}"


def _listed(batches: Sequence[int]) -> str:
    return ", ".join(map(str, batches))
