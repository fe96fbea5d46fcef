"""What a measure of novelty is, and one that was fitted."""

from collections.abc import Callable
from dataclasses import dataclass

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array


@dataclass(frozen=True, slots=True)
class Measure:
    """A way to say how unlike anything known a sample is; higher is stranger.

    Attributes:
        name: what recipes and metadata call it.
        apply: the numpy definition: samples ``(n, m)`` and anchors ``(M, m)`` to ``(n, 1)``.
        nodes: the same as ONNX nodes: ``(builder, name of the samples, anchors, name of the result)``.
    """

    name: str
    apply: Callable[[Array, Array], Array]
    nodes: Callable[[Builder, str, Array, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """A measure that was fitted; a sample above ``limit`` is none of the classes.

    Attributes:
        measure: see ``NOVELTY``.
        limit: the highest that still counts as known.
        anchors: ``(M, m)`` float32, what a sample is compared with; M is 0 where the measure needs none.
        weight: ``(m, d)`` float32, the linear map from vectors to samples; null: the logits of the
            head are the samples.
        bias: ``(m,)`` float32; null where ``weight`` is.
    """

    measure: Measure
    limit: float
    anchors: Array
    weight: Array | None = None
    bias: Array | None = None

    def __call__(self, vectors: Array, logits: Array) -> Array:
        """Return ``(n, 1)`` float32 of vectors ``(n, d)`` and the logits ``(n, K)`` they give."""
        if self.weight is None or self.bias is None:
            return self.measure.apply(logits, self.anchors)
        return self.measure.apply(vectors @ self.weight.T + self.bias, self.anchors)

    def nodes(self, build: Builder, vectors: str, logits: str, out: str) -> None:
        """Add the same as ONNX nodes."""
        samples = logits
        if self.weight is not None and self.bias is not None:
            weight, bias = build.constant(self.weight), build.constant(self.bias)
            samples = build.op("Gemm", vectors, weight, bias, transB=1)
        self.measure.nodes(build, samples, self.anchors, out)
