"""The class token of a transformer: the first of its tokens (Devlin et al. 2018, arXiv:1810.04805)."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_tokens


def _apply(x: Array) -> Array:
    return x[:, 0]


def _nodes(build: Builder, x: str, _shape: Shape, out: str) -> None:
    build.squeeze(build.slice(x, [0], [1], [1]), [1], out)


CLS = of_tokens("cls", _apply, _nodes)
