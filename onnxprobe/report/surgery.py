"""How the results of surgery look on a terminal: a name, a line."""

from rich.text import Text

from onnxprobe.graph.pick import Pick
from onnxprobe.proof import Proof


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
