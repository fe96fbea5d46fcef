"""Multiply-accumulates: one rule an operator.

Counted are convolutions, matrix products, recurrences and attention, as in published figures;
other standard operators count nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Final

from onnxprobe.graph.model import Node

Sizes = tuple[int | None, ...]

NESTED: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
"""Operators that run a graph of their own."""


@dataclass(frozen=True, slots=True)
class Operands:
    """The sizes of what a node reads and writes, for one sample.

    Attributes:
        node: the operation.
        sizes: of every tensor by name; ``None`` where even the rank is unknown.
    """

    node: Node
    sizes: Mapping[str, Sizes | None]

    def input(self, place: int) -> Sizes | None:
        """Return the sizes of one input; ``None`` where it is left out or unknown."""
        inputs = self.node.inputs
        return self.sizes.get(inputs[place]) if place < len(inputs) else None

    @property
    def output(self) -> Sizes | None:
        """The sizes of the first output."""
        return self.sizes.get(self.node.outputs[0]) if self.node.outputs else None


Rule = Callable[[Operands], int | None]


def macs(node: Node, sizes: Mapping[str, Sizes | None]) -> int | None:
    """Return the multiply-accumulates of a node; ``None`` where they cannot be told.

    Operators of other domains, local functions and nested graphs cannot.
    """
    rule = _rule(node.op)
    return rule(Operands(node, sizes)) if callable(rule) else rule


@cache  # a network has few operators, and many nodes
def _rule(op: str) -> Rule | int | None:
    """Return how to count ``op``, or what it always counts."""
    rule = RULES.get(op.removeprefix("com.microsoft::"))
    return rule or (None if "::" in op or op in NESTED else 0)


def convolution(weight: int) -> Rule:
    """Every output element takes one kernel: ``[channels out, channels in / groups, …]``."""

    def rule(operands: Operands) -> int | None:
        kernel = operands.input(weight)
        return None if kernel is None else _product(operands.output, kernel[1:])

    return rule


def transposed_convolution(operands: Operands) -> int | None:
    """Every input element is spread by one kernel: ``[channels in, channels out / groups, …]``."""
    kernel = operands.input(1)
    return None if kernel is None else _product(operands.input(0), kernel[1:])


def matrix_product(left: int) -> Rule:
    """Every output element is a sum over the last axis of the left operand."""

    def rule(operands: Operands) -> int | None:
        a = operands.input(left)
        return None if not a else _product(operands.output, a[-1:])

    return rule


def gemm(operands: Operands) -> int | None:
    """Like a matrix product; the left operand may be transposed."""
    a = operands.input(0)
    if a is None or len(a) != 2:  # noqa: PLR2004  (a matrix)
        return None
    inner = a[0] if operands.node.attribute("transA", 0) else a[1]
    return _product(operands.output, (inner,))


def recurrence(operands: Operands) -> int | None:
    """Every step of every sequence multiplies with all of ``W`` and ``R``."""
    x, w, r = (operands.input(i) for i in range(3))
    if x is None:
        return None
    steps, by_input, by_state = _product(x[:2]), _product(w), _product(r)
    if steps is None or by_input is None or by_state is None:
        return None
    return steps * (by_input + by_state)


def attention(operands: Operands) -> int | None:
    """Queries against keys, then weights against values: ``(L·E + L·Ev)·S`` for each head."""
    query, key, past = operands.input(0), operands.input(1), operands.input(4)
    if key is None or len(key) < 2:  # noqa: PLR2004  (positions, features)
        return None
    positions = key[-2]
    scores, answers = _product(query), _product(operands.output)
    remembered = past[-2] if past is not None else 0
    if None in (positions, scores, answers, remembered):
        return None
    return ((scores or 0) + (answers or 0)) * ((positions or 0) + (remembered or 0))


def einsum(operands: Operands) -> int | None:
    """One or two operands: the product of the sizes of all letters."""
    terms = str(operands.node.attribute("equation", "")).replace(" ", "").split("->")[0].split(",")
    if len(terms) > 2 or "." in "".join(terms):  # noqa: PLR2004  (a product of two)
        return None
    found: dict[str, int | None] = {}
    for place, term in enumerate(terms):
        sizes = operands.input(place)
        if sizes is None or len(sizes) != len(term):
            return None
        found |= dict(zip(term, sizes, strict=True))
    return _product(tuple(found.values())) if len(terms) > 1 else 0


RULES: Final[Mapping[str, Rule]] = {
    "Attention": attention,
    "Conv": convolution(1),
    "ConvInteger": convolution(1),
    "ConvTranspose": transposed_convolution,
    "DeformConv": convolution(1),
    "Einsum": einsum,
    "FusedConv": convolution(1),
    "FusedMatMul": matrix_product(0),
    "GRU": recurrence,
    "Gemm": gemm,
    "LSTM": recurrence,
    "MatMul": matrix_product(0),
    "MatMulInteger": matrix_product(0),
    "QLinearConv": convolution(3),
    "QLinearMatMul": matrix_product(0),
    "RNN": recurrence,
}


def _product(*parts: Sizes | None) -> int | None:
    known: list[int] = []
    for part in parts:
        if part is None or None in part:
            return None
        known += [size for size in part if size is not None]
    return prod(known)
