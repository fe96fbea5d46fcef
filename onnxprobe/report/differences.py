"""How the verdict on two models looks on a terminal: what differs, and whether it breaks callers."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from onnxprobe.answers import Agreement
from onnxprobe.contract import Difference
from onnxprobe.report.wording import plural
from onnxprobe.verdict import Verdict

_BREAKS: Final = "  breaks  "
_HARMLESS: Final = " " * len(_BREAKS)
_SHOWN: Final = 10
"""Differences of one kind that are listed; --json lists all."""
_LONG: Final = 240
"""Letters of a difference that are shown."""


def verdict_text(verdict: Verdict) -> str:
    """List what differs, then what runs showed, then whether the contract is kept."""
    lines = list(_folded(verdict.differences))
    lines += [_answer(output, verdict) for output in verdict.outputs]
    if verdict.unloaded:
        lines.append(f"{_BREAKS}the two were not run: {verdict.unloaded}")
    elif not verdict.batches:
        lines.append(f"{_HARMLESS}the two were not run: their inputs or outputs differ")
    lines.append("contract kept" if verdict.kept else "contract broken")
    return "\n".join(lines)


def _folded(differences: Sequence[Difference]) -> Iterator[str]:
    """Write the first of each kind, and count the others."""
    for (breaks, kind), group in groupby(differences, key=lambda d: (d.breaks, _kind(d))):
        same, mark = list(group), _BREAKS if breaks else _HARMLESS
        yield from (mark + _cut(str(difference)) for difference in same[:_SHOWN])
        if (more := len(same) - _SHOWN) > 0:
            yield f"{mark}and {plural(more, f'more {kind}', f'more {kind}s')}; --json lists all"


def _cut(said: str) -> str:
    return (
        said if len(said) <= _LONG else f"{said[:_LONG]}… ({len(said):,} letters; --json has all)"
    )


def _kind(difference: Difference) -> str:
    return difference.what.partition(" ")[0]


def _answer(output: Agreement, verdict: Verdict) -> str:
    said = "bit-identical" if output.identical else _far(output)
    runs = f"batch {', '.join(map(str, verdict.batches))}"
    runs += f", and {verdict.given} given" if verdict.given else ""
    mark = _HARMLESS if output.identical else _BREAKS
    return f"{mark}output {output.name!r} {said} ({runs})"


def _far(output: Agreement) -> str:
    if math.isnan(output.max_difference):
        return "is not a number where it was one, or the other way round"
    if math.isinf(output.max_difference):
        return "is of another type or shape, or infinite where it was not"
    return (
        f"differs by up to {output.max_difference:.3g} ({output.relative:.1e} of its largest value)"
    )
