"""The mean over all tokens of a transformer, the class token included."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Pooling, Shape, features


def _apply(x: Array) -> Array:
    mean: Array = x.mean(axis=1)
    return mean


def _nodes(build: Builder, x: str, _shape: Shape, out: str) -> None:
    build.reduce("ReduceMean", x, [1], out=out)


TOKEN_MEAN = Pooling(
    name="token-mean",
    reads="tokens (tokens, features)",
    ranks=frozenset({2}),
    needs=(1,),
    apply=_apply,
    nodes=_nodes,
    width=features,
)
