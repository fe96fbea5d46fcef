"""The mean over all tokens of a transformer, the class token included; over maps with channels last."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_places, places


def _apply(x: Array) -> Array:
    mean: Array = x.mean(axis=places(x.shape[1:]))
    return mean


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    build.reduce("ReduceMean", x, list(places(shape)), out=out)


TOKEN_MEAN = of_places("token-mean", _apply, _nodes)
