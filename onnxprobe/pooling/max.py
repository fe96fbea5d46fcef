"""The maximum over space, per channel: whether a thing is anywhere in the picture."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Pooling, Shape, channels, spatial


def _apply(x: Array) -> Array:
    most: Array = x.reshape(*x.shape[:2], -1).max(axis=2)
    return most


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    build.reduce("ReduceMax", x, spatial(shape), out=out)


MAX = Pooling(
    name="max",
    reads="maps (channels, …)",
    ranks=frozenset({2, 3, 4}),
    needs=(),
    apply=_apply,
    nodes=_nodes,
    width=channels,
)
