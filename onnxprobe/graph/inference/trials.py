"""Two trials for every size a file leaves open: what is equal in both does not depend on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

import onnx

from onnxprobe.graph.value import Dim

Shape = tuple[Dim, ...]
Sizes = tuple[int, int]

BATCH: Final = "batch"
"""What the batch is called where the file leaves its size open and gives it no name."""

_BATCHES: Final = (11, 13)
"""Primes, so that a multiple of the batch is told from a number that does not depend on it."""
_LENGTHS: Final = ((224, 352), (416, 160), (288, 480), (96, 448))
"""Heights, widths, tokens …: multiples of 32, as networks halve them five times."""


@dataclass(frozen=True, slots=True)
class Open:
    """One size of a model input that the file does not fix.

    Attributes:
        tensor: the input.
        axis: counted from 0.
        symbol: its name in the file; the batch always has one, other sizes may have none.
    """

    tensor: str
    axis: int
    symbol: str | None


def open_sizes(graph: onnx.GraphProto) -> Iterator[Open]:
    """Yield the sizes of the model inputs that the file leaves open; weights are no inputs."""
    listed = {tensor.name for tensor in graph.initializer}
    types: dict[bytes, tuple[tuple[int, str | None], ...]] = {}
    for info in graph.input:
        name, key = info.name, info.type.SerializeToString()
        if name in listed:
            continue
        if key not in types:  # a network has few types: each is read once
            types[key] = tuple(_open(info.type.tensor_type.shape))
        for axis, symbol in types[key]:
            yield Open(name, axis, symbol)


def _open(shape: onnx.TensorShapeProto) -> Iterator[tuple[int, str | None]]:
    for axis, dim in enumerate(shape.dim):
        if dim.dim_value <= 0:
            yield axis, dim.dim_param or (BATCH if axis == 0 else None)


def sizes(found: tuple[Open, ...]) -> dict[Open, Sizes]:
    """Return two sizes to try for each open one: the same two for the same symbol."""
    batches = {size.symbol for size in found if size.axis == 0}
    lengths = chain(_LENGTHS, repeat(_LENGTHS[-1]))
    chosen: dict[str | Open, Sizes] = {}
    for size in found:
        key = size.symbol or size
        if key not in chosen:
            chosen[key] = _BATCHES if size.symbol in batches else next(lengths)
    return {size: chosen[size.symbol or size] for size in found}


def merged(
    shape: Shape | None, small: Shape, large: Shape, tried: Mapping[str, Sizes]
) -> Shape | None:
    """Fill the holes of ``shape`` from the shapes that two trials gave.

    A size that is equal in both is that number; one that follows a symbol, or is a multiple of
    it, is written so (``"N"``, ``"49*N"``); any other stays unknown.

    >>> merged((None, None, 96), (704, 49, 96), (832, 49, 96), {"N": (11, 13)})
    ('64*N', 49, 96)
    """
    if len(small) != len(large) or (shape is not None and len(shape) != len(small)):
        return shape
    old = (None,) * len(small) if shape is None else shape
    pairs = zip(old, small, large, strict=True)
    return tuple(_size(a, b, tried) if dim is None else dim for dim, a, b in pairs)


def _size(a: Dim, b: Dim, tried: Mapping[str, Sizes]) -> Dim:
    if not isinstance(a, int) or not isinstance(b, int):
        return None
    if a == b:
        return a
    same = (symbol for symbol, pair in tried.items() if pair == (a, b))
    multiples = (
        f"{a // first}*{symbol}"
        for symbol, (first, second) in tried.items()
        if a % first == 0 and a // first * second == b
    )
    return next(same, next(multiples, None))
