"""The maximum over space, per channel: whether a thing is anywhere in the picture."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_maps, spatial


def _apply(x: Array) -> Array:
    most: Array = x.reshape(*x.shape[:2], -1).max(axis=2)
    return most


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    build.reduce("ReduceMax", x, spatial(shape), out=out)


MAX = of_maps("max", _apply, _nodes, same_as="GlobalMaxPool")
