"""The standard deviation over all tokens, per channel: ``std`` where channels lie on the last axis."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, deviation, of_places, places


def _apply(x: Array) -> Array:
    std: Array = x.std(axis=places(x.shape[1:]))
    return std


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    deviation(build, x, places(shape), out)


TOKEN_STD = of_places("token-std", _apply, _nodes)
