"""How the results of surgery look on a terminal: a name, a line."""

from collections.abc import Mapping, Sequence

from onnxprobe.errors import quoted
from onnxprobe.graph.pick import Pick
from onnxprobe.probe import Probe
from onnxprobe.proof import Proof
from onnxprobe.report.wording import plural


def name_alone(pick: Pick) -> str:
    """Show the tensor's name and nothing else, for scripts."""
    return pick.tensor


def added_line(probes: Sequence[Probe]) -> str:
    """Say which outputs were added."""
    names = quoted(probe.output for probe in probes)
    return f"{'output' if len(probes) == 1 else 'outputs'} {names} added"


def proven_line(proof: Proof | None, needs: Mapping[str, int] | None = None) -> str:
    """Say what the proof showed, and which operator sets the file ``needs`` more, in one line."""
    more = "".join(f"; needs {domain} {version}" for domain, version in (needs or {}).items())
    if proof is None:
        return f"written without proof, as asked{more}"
    batches = ", ".join(map(str, proof.batches))
    return f"{plural(len(proof.outputs), 'old output')} bit-identical at batch {batches}{more}"
