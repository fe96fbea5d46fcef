"""A linear head: one Gemm, then scores, the best class, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import StitchError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.heads._base import Array, Kind


class Answers(NamedTuple):
    """What a head says of ``n`` samples.

    Attributes:
        scores: ``(n, K)`` float32, 0 to 1.
        id: ``(n, 1)`` int64: the best class among those whose score is above its threshold; −1
            where there is none.
        confidence: ``(n, 1)`` float32: the score of that class; where there is none, the highest
            score, which was not enough.
    """

    scores: Array
    id: NDArray[np.int64]
    confidence: Array


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """``scores = kind(vectors @ weight.T + bias)`` on one probe, or several side by side.

    Attributes:
        kind: how logits become scores (see ``HEADS``).
        weight: ``(K, d)`` float32, everything before it folded in (see ``folded``).
        bias: ``(K,)`` float32.
        threshold: ``(K,)`` float32: a class is an answer where its score is above.
        classes: K names.
        widths: d of each probe the head reads, in order; they sum to d.
        name: what its outputs begin with.
    """

    kind: Kind
    weight: Array
    bias: Array
    threshold: Array
    classes: tuple[str, ...]
    widths: tuple[int, ...]
    name: str = "domain"

    def __post_init__(self) -> None:
        wanted = (len(self.classes), sum(self.widths))
        if self.weight.shape != wanted:
            raise StitchError(
                f"the head has weights {self.weight.shape} for {wanted[0]} classes and "
                f"{wanted[1]} numbers a sample"
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the vectors the head reads, one for each probe."""
        if len(self.widths) == 1:
            return ("vectors",)
        return tuple(f"vectors_{i}" for i in range(len(self.widths)))

    @property
    def outputs(self) -> tuple[str, str, str]:
        """Names of what the head returns: scores, the best class, its confidence."""
        return (f"{self.name}_scores", f"{self.name}_id", f"{self.name}_confidence")

    def __call__(self, vectors: Sequence[Array]) -> Answers:
        """Answer in numpy; ``vectors`` holds one ``(n, width)`` array for each probe."""
        logits = np.hstack(vectors).astype(np.float32) @ self.weight.T + self.bias
        scores = self.kind.apply(logits)
        passing = scores > self.threshold
        best = np.where(passing, scores, -scores.dtype.type(1)).argmax(axis=1, keepdims=True)
        found = passing.any(axis=1, keepdims=True)
        confidence = np.where(
            found, np.take_along_axis(scores, best, axis=1), scores.max(axis=1, keepdims=True)
        )
        return Answers(scores, np.where(found, best, -1).astype(np.int64), confidence)

    def model(self, *, opset: int, ir_version: int, batch: str | int = "N") -> Model:
        """Return the head as plain ``ai.onnx`` nodes: vectors in, three numeric tensors out."""
        build = Builder(opset)
        scores, best, confidence = self.outputs
        vectors = self.inputs[0]
        if len(self.inputs) > 1:
            vectors = build.op("Concat", *self.inputs, axis=1)
        logits = build.op(
            "Gemm", vectors, build.constant(self.weight), build.constant(self.bias), transB=1
        )
        self.kind.nodes(build, logits, scores)
        self._answer(build, scores, best, confidence)
        count = len(self.classes)
        return build.model(
            f"{self.name}_head",
            [
                Value(n, "float32", (batch, w))
                for n, w in zip(self.inputs, self.widths, strict=True)
            ],
            [
                Value(scores, "float32", (batch, count)),
                Value(best, "int64", (batch, 1)),
                Value(confidence, "float32", (batch, 1)),
            ],
            ir_version=ir_version,
        )

    def _answer(self, build: Builder, scores: str, best: str, confidence: str) -> None:
        passing = build.op("Greater", scores, build.constant(self.threshold))
        among = build.op("Where", passing, scores, build.number(-1))
        top = build.reduce("ReduceMax", among, [1], keepdims=1)
        found = build.op("Greater", top, build.number(-0.5))
        first = build.op("ArgMax", among, axis=1, keepdims=1)
        build.op("Where", found, first, build.integers(-1), out=best)
        highest = build.reduce("ReduceMax", scores, [1], keepdims=1)
        build.op("Where", found, top, highest, out=confidence)
