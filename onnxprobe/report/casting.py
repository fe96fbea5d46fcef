"""What casting a model to another precision did, on the terminal."""

from pathlib import Path

from onnxprobe.errors import plural
from onnxprobe.precision.writing import Near, Recast


def recast_text(done: Recast, out: Path) -> str:
    """Say how near each output is, on what, and what the file weighs."""
    sizes = ", ".join(map(str, done.batches))
    on = f"random numbers at batch {sizes}"
    if done.given:
        on += f" and {plural(done.given, 'run')} on what was given"
    before, after = done.bytes
    lines = [f"output {near.name!r}: {_said(near)}" for near in done.outputs]
    lines.append(f"compared on {on}; allowed: {done.tolerance:g}")
    lines.append(f"{out}: {done.precision}, {after:,} bytes of {before:,}")
    return "\n".join(lines)


def _said(near: Near) -> str:
    if near.equal == 1:
        return "the same"
    if near.relative == 0:
        return f"{near.equal:.1%} of its numbers are the same"
    return f"within {near.relative:.2g} of its largest value"
