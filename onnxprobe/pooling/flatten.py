"""Keep everything: the vector is the tensor laid out flat."""

from math import prod

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Pooling, Shape


def _apply(x: Array) -> Array:
    return x.reshape(x.shape[0], -1)


def _nodes(build: Builder, x: str, _shape: Shape, out: str) -> None:
    build.op("Flatten", x, out=out, axis=1)


def _width(shape: Shape) -> int | None:
    sizes = [size for size in shape if isinstance(size, int)]
    return prod(sizes) if len(sizes) == len(shape) else None


FLATTEN = Pooling(
    name="flatten",
    reads="anything of known size",
    ranks=frozenset({1, 2, 3, 4}),
    needs=(0, 1, 2, 3),
    apply=_apply,
    nodes=_nodes,
    width=_width,
)
