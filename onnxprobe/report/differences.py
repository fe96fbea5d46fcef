"""How the verdict on two models looks on a terminal: what differs, and whether it breaks callers."""

from typing import Final

from onnxprobe.answers import Agreement
from onnxprobe.verdict import Verdict

_BREAKS: Final = "  breaks  "
_HARMLESS: Final = " " * len(_BREAKS)


def verdict_text(verdict: Verdict) -> str:
    """List what differs, then what runs showed, then whether the contract is kept."""
    lines = [(_BREAKS if d.breaks else _HARMLESS) + str(d) for d in verdict.differences]
    lines += [_answer(output, verdict) for output in verdict.outputs]
    if not verdict.batches:
        lines.append(f"{_HARMLESS}the two were not run: their inputs or outputs differ")
    lines.append("contract kept" if verdict.kept else "contract broken")
    return "\n".join(lines)


def _answer(output: Agreement, verdict: Verdict) -> str:
    said = "bit-identical"
    if not output.identical:
        said = (
            f"differs by up to {output.max_difference:.3g} "
            f"({output.relative:.1e} of its largest value)"
        )
    runs = f"batch {', '.join(map(str, verdict.batches))}"
    runs += f", and {verdict.given} given" if verdict.given else ""
    mark = _HARMLESS if output.identical else _BREAKS
    return f"{mark}output {output.name!r} {said} ({runs})"
