"""Does a new file keep what the old one promises? What can be seen, and what a run shows."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnxprobe import contract
from onnxprobe.contract import Difference
from onnxprobe.graph.load import load
from onnxprobe.proof import Compared, prove, sha256


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differs between two files.

    Attributes:
        differences: what can be seen without running; those that ``breaks`` a caller notices.
        batches: the batch sizes at which both were run on the same random feeds; none where the
            differences leave nothing to compare.
        outputs: the old outputs, compared bit by bit.
    """

    differences: tuple[Difference, ...]
    batches: tuple[int, ...]
    outputs: tuple[Compared, ...]

    @property
    def kept(self) -> bool:
        """Whether a caller of the old file can go on with the new one."""
        same = bool(self.batches) and all(output.identical for output in self.outputs)
        return same and contract.kept(self.differences)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        return {"kept": self.kept, **asdict(self)}


def verdict(old: Path, new: Path) -> Verdict:
    """Compare the files ``old`` and ``new``: declarations, nodes, weights, then answers.

    Raises:
        NotOnnxError, MissingWeightsError: a file cannot be read.
        RunError: one of the two does not load or run.
    """
    before, after = load(old), load(new)
    differences = contract.compare(before, after)
    if before.inputs != after.inputs or not set(before.outputs) <= set(after.outputs):
        return Verdict(differences, (), ())
    proof = prove(old, new, backbone=sha256(old))
    return Verdict(differences, proof.batches, proof.outputs)
