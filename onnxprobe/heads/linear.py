"""A head: a linear map or two, then scores, the best class, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import StitchError
from onnxprobe.graph.build import CHOOSES_FROM, Builder
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.heads._base import Array, Kind
from onnxprobe.heads.novelty import Novelty


class Layer(NamedTuple):
    """A linear map; between two of them negative numbers become 0.

    Attributes:
        weight: ``(out, in)`` float32.
        bias: ``(out,)`` float32.
    """

    weight: Array
    bias: Array


_LEAST: Final = np.finfo(np.float32).min


class Answers(NamedTuple):
    """What a head says of ``n`` samples.

    Attributes:
        scores: ``(n, K)`` float32, 0 to 1.
        id: ``(n, 1)`` int64: the best class among those whose score is above its threshold; −1
            where there is none, or where the sample is like nothing that is known.
        confidence: ``(n, 1)`` float32: the score of that class; where there is none, the highest
            score, which was not enough.
    """

    scores: Array
    id: NDArray[np.int64]
    confidence: Array


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """``scores = kind(vectors @ weight.T + bias)`` on one probe, or several side by side.

    With ``hidden`` it reads what that layer makes of the vectors: a perceptron.

    Attributes:
        kind: how logits become scores (see ``HEADS``).
        weight: ``(K, d)`` float32, everything before it folded in (see ``folded``); ``(K, h)``
            behind a hidden layer of h.
        bias: ``(K,)`` float32.
        threshold: ``(K,)`` float32: a class is an answer where its score is above.
        classes: K names.
        widths: d of each probe the head reads, in order; they sum to d.
        name: what its outputs begin with.
        hidden: a layer before, and a rectifier after it.
        novelty: how unlike anything known a sample is; above its limit the answer is −1.
    """

    kind: Kind
    weight: Array
    bias: Array
    threshold: Array
    classes: tuple[str, ...]
    widths: tuple[int, ...]
    name: str = "domain"
    hidden: Layer | None = None
    novelty: Novelty | None = None

    def __post_init__(self) -> None:
        first = self.weight if self.hidden is None else self.hidden.weight
        wanted = (len(self.classes), sum(self.widths))
        if (len(self.weight), first.shape[1]) != wanted:
            raise StitchError(
                f"the head has weights {self.weight.shape} for {wanted[0]} classes and "
                f"{wanted[1]} numbers a sample"
            )
        if self.hidden is not None and len(self.hidden.weight) != self.weight.shape[1]:
            raise StitchError(
                f"the hidden layer gives {len(self.hidden.weight)} numbers, but the last one "
                f"reads {self.weight.shape[1]}"
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the vectors the head reads, one for each probe."""
        if len(self.widths) == 1:
            return ("vectors",)
        return tuple(f"vectors_{i}" for i in range(len(self.widths)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the head returns: scores, the best class, its confidence, and the novelty."""
        novelty = () if self.novelty is None else (f"{self.name}_novelty",)
        return (f"{self.name}_scores", f"{self.name}_id", f"{self.name}_confidence", *novelty)

    def named(self, vectors: Sequence[Array]) -> Mapping[str, NDArray[Any]]:
        """Return everything the head returns, by the names of ``outputs``."""
        answers, strange = self._answers(np.hstack(vectors).astype(np.float32))
        novelty = () if strange is None else (strange,)
        return dict(zip(self.outputs, (*answers, *novelty), strict=True))

    def __call__(self, vectors: Sequence[Array]) -> Answers:
        """Answer in numpy; ``vectors`` holds one ``(n, width)`` array for each probe."""
        return self._answers(np.hstack(vectors).astype(np.float32))[0]

    def _answers(self, x: Array) -> tuple[Answers, Array | None]:
        known = x
        if self.hidden is not None:
            known = np.maximum(x @ self.hidden.weight.T + self.hidden.bias, 0)
        logits = known @ self.weight.T + self.bias
        strange = None if self.novelty is None else self.novelty(x, logits)
        scores = self.kind.apply(logits)
        passing = scores > self.threshold
        best = np.where(passing, logits, _LEAST).argmax(axis=1, keepdims=True)
        found = passing.any(axis=1, keepdims=True)
        if self.novelty is not None and strange is not None:
            found = found & ~(strange > self.novelty.limit)
        confidence = np.where(
            found, np.take_along_axis(scores, best, axis=1), scores.max(axis=1, keepdims=True)
        )
        return Answers(scores, np.where(found, best, -1).astype(np.int64), confidence), strange

    def model(self, *, opset: int, ir_version: int, batch: str | int = "N") -> Model:
        """Return the head as plain ``ai.onnx`` nodes: vectors in, three or four numeric tensors out.

        Of ``opset``, or 9 where that is older; ``stitch`` adapts it.
        """
        build = Builder(max(opset, CHOOSES_FROM))
        scores, best, confidence, *novelty = self.outputs
        vectors = self.inputs[0]
        if len(self.inputs) > 1:
            vectors = build.op("Concat", *self.inputs, axis=1)
        known = vectors
        if self.hidden is not None:
            known = build.op("Relu", _gemm(build, vectors, *self.hidden))
        logits = _gemm(build, known, self.weight, self.bias)
        self.kind.nodes(build, logits, scores)
        if self.novelty is not None:
            self.novelty.nodes(build, vectors, logits, novelty[0])
        self._answer(build, logits, scores, best, confidence)
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
                *(Value(name, "float32", (batch, 1)) for name in (confidence, *novelty)),
            ],
            ir_version=ir_version,
        )

    def _answer(self, build: Builder, logits: str, scores: str, best: str, confidence: str) -> None:
        passing = build.op("Greater", scores, build.constant(self.threshold))
        among = build.op("Where", passing, scores, build.number(-1))
        top = known = build.reduce("ReduceMax", among, [1], keepdims=1)
        if self.novelty is not None:
            strange = build.op("Greater", self.outputs[-1], build.number(self.novelty.limit))
            known = build.op("Where", strange, build.number(-1), top)
        found = build.op("Greater", known, build.number(-0.5))
        # by logits: of several scores that are 1 as far as float32 can tell, one is the highest still
        ranked = build.op("Where", passing, logits, build.number(float(_LEAST)))
        first = build.op("ArgMax", ranked, axis=1, keepdims=1)
        build.op("Where", found, first, build.integers(-1), out=best)
        highest = build.reduce("ReduceMax", scores, [1], keepdims=1)
        build.op("Where", found, top, highest, out=confidence)


def _gemm(build: Builder, vectors: str, weight: Array, bias: Array) -> str:
    return build.op("Gemm", vectors, build.constant(weight), build.constant(bias), transB=1)
