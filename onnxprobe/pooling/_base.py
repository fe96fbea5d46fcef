"""What a pooling is: a named way from a tensor to one vector per sample, said twice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.build import Builder
from onnxprobe.graph.value import Dim

Array = NDArray[np.float32]
Shape = tuple[Dim, ...]
"""The shape of one sample, without the batch."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """Turn ``(n, …)`` features into ``(n, d)`` vectors.

    Attributes:
        name: what the command line calls it.
        reads: what it is for, as people say it, e.g. ``"maps (channels, height, width)"``.
        ranks: lengths of the per-sample shapes it understands.
        needs: which of those axes must have a known size, counted from 0; −1 is the last.
        apply: the numpy definition, ``(n, …) -> (n, d)``; the nodes must agree with it.
        nodes: the same as ONNX nodes: ``(builder, input name, per-sample shape, output name)``.
        width: d, from the per-sample shape; ``None`` where it is not known.
        same_as: an operator that computes the same and keeps the axes of space, with size 1. Where a
            network has it already, it is not computed again.
        rows: which of the axes it reads the rows of a sample are, where it takes several: behind the
            channels of a map, as the frames of a clip are, else in front.
    """

    name: str
    reads: str
    ranks: frozenset[int]
    needs: tuple[int, ...]
    apply: Callable[[Array], Array]
    nodes: Callable[[Builder, str, Shape, str], None]
    width: Callable[[Shape], int | None]
    same_as: str = ""
    rows: int = 0


Apply = Callable[[Array], Array]
Nodes = Callable[[Builder, str, Shape, str], None]


def of_maps(
    name: str, apply: Apply, nodes: Nodes, *, needs: tuple[int, ...] = (), same_as: str = ""
) -> Pooling:
    """Return a pooling of maps ``(channels, …)``, one to three axes of space or time, to their channels."""
    reads = "maps (channels, …)" + (" of known size" if needs else "")
    return Pooling(name, reads, frozenset({2, 3, 4}), needs, apply, nodes, _size_of(0), same_as, 1)


def of_tokens(name: str, apply: Apply, nodes: Nodes) -> Pooling:
    """Return a pooling of tokens ``(tokens, features)`` to their features."""
    reads = "tokens (tokens, features)"
    return Pooling(name, reads, frozenset({2}), (-1,), apply, nodes, _size_of(-1))


def of_places(name: str, apply: Apply, nodes: Nodes) -> Pooling:
    """Return a pooling of tokens, or of maps ``(…, channels)``, to what is on their last axis."""
    reads = "tokens (tokens, features) or maps (…, channels)"
    return Pooling(name, reads, frozenset({2, 3, 4}), (-1,), apply, nodes, _size_of(-1))


def _size_of(axis: int) -> Callable[[Shape], int | None]:
    def width(shape: Shape) -> int | None:
        size = shape[axis]
        return size if isinstance(size, int) else None

    return width


def spatial(shape: Shape) -> tuple[int, ...]:
    """Return the axes of a whole tensor ``(n, channels, …)`` that are space or time."""
    return tuple(range(2, len(shape) + 1))


def places(shape: Shape) -> tuple[int, ...]:
    """Return the axes of a whole tensor ``(n, …, channels)`` between the batch and the last."""
    return tuple(range(1, len(shape)))


def deviation(build: Builder, x: str, axes: tuple[int, ...], out: str) -> None:
    """Write the standard deviation of ``x`` over ``axes`` to ``out``."""
    off = build.op("Sub", x, build.reduce("ReduceMean", x, axes, keepdims=1))
    variance = build.reduce("ReduceMean", build.op("Mul", off, off), axes)
    build.op("Sqrt", variance, out=out)
