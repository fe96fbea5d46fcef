"""The mean over all tokens of a transformer, the class token included."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_tokens


def _apply(x: Array) -> Array:
    mean: Array = x.mean(axis=1)
    return mean


def _nodes(build: Builder, x: str, _shape: Shape, out: str) -> None:
    build.reduce("ReduceMean", x, [1], out=out)


TOKEN_MEAN = of_tokens("token-mean", _apply, _nodes)
