"""The standard deviation over all tokens, per channel: ``std`` where channels lie on the last axis."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_places, places


def _apply(x: Array) -> Array:
    std: Array = x.std(axis=places(x.shape[1:]))
    return std


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    axes = places(shape)
    off = build.op("Sub", x, build.reduce("ReduceMean", x, axes, keepdims=1))
    variance = build.reduce("ReduceMean", build.op("Mul", off, off), axes)
    build.op("Sqrt", variance, out=out)


TOKEN_STD = of_places("token-std", _apply, _nodes)
