"""Global average pooling: the mean over space (Lin et al. 2013, arXiv:1312.4400)."""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_maps, spatial


def _apply(x: Array) -> Array:
    mean: Array = x.reshape(*x.shape[:2], -1).mean(axis=2)
    return mean


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    build.reduce("ReduceMean", x, spatial(shape), out=out)


MEAN = of_maps("mean", _apply, _nodes, same_as="GlobalAveragePool")
