"""How the results of surgery look on a terminal: a name, a line, a list of differences."""

from rich.text import Text

from onnxprobe.graph.pick import Pick
from onnxprobe.proof import Proof
from onnxprobe.verdict import Verdict


def name_alone(pick: Pick) -> Text:
    """Show the tensor's name and nothing else, for scripts."""
    return Text(pick.tensor)


def why_ambiguous(pick: Pick) -> str:
    """Say which other tensors may be meant."""
    others = ", ".join(repr(other.tensor) for other in pick.alternatives)
    return f"onnxprobe: which tensor to tap is not clear: {pick.tensor!r}, or {others}"


def proven_line(proof: Proof | None) -> str:
    """Say what the proof showed, in one line."""
    if proof is None:
        return "written without proof, as asked"
    batches = ", ".join(map(str, proof.batches))
    return f"{len(proof.outputs)} old outputs bit-identical at batch {batches}"


def verdict_text(verdict: Verdict) -> Text:
    """List what differs, then say whether the contract is kept."""
    lines = [("  breaks  " if d.breaks else "          ") + str(d) for d in verdict.differences]
    for output in verdict.outputs:
        said = "bit-identical" if output.identical else f"differs by {output.max_difference:.3g}"
        mark = "          " if output.identical else "  breaks  "
        lines.append(
            f"{mark}output {output.name!r} {said} (batch {', '.join(map(str, verdict.batches))})"
        )
    if not verdict.batches:
        lines.append("          the two were not run: their inputs or outputs differ")
    lines.append("contract kept" if verdict.kept else "contract broken")
    return Text("\n".join(lines))
