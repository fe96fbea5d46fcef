"""A tensor on its way through an estimator: one in the graph, and what is still to be done to it."""

from dataclasses import dataclass, replace

from onnxprobe.lowering.affine import Affine


@dataclass(frozen=True, slots=True)
class Flow:
    """Numbers ``(N, width)``: a tensor of the graph, and an affine map that is not written yet.

    Attributes:
        tensor: a tensor of the graph.
        width: numbers a sample, after the map.
        pending: what is still to be done to the tensor; ``None`` for nothing.
    """

    tensor: str
    width: int
    pending: Affine | None = None

    def then(self, after: Affine) -> "Flow":
        """Return what ``after`` makes of it; nothing is written."""
        whole = after if self.pending is None else self.pending.then(after)
        return replace(self, width=after.sizes[0], pending=whole)
