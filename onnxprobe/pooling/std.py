"""The standard deviation over space, per channel.

With the mean it is the "style" of a picture at that depth (Huang & Belongie 2017,
arXiv:1703.06868); it tells domains apart (Matsuura & Harada 2020, arXiv:1911.07661).
"""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, deviation, of_maps, spatial


def _apply(x: Array) -> Array:
    std: Array = x.reshape(*x.shape[:2], -1).std(axis=2)
    return std


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    deviation(build, x, spatial(shape), out)


STD = of_maps("std", _apply, _nodes)
