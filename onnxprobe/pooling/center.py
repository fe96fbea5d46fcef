"""The centre alone: what the network says of the middle of the picture.

As in dl-tsne (NTech Lab, 2021), which taps the middle of a 7x7 map of faces. Where a side is even
the middle is the second of the two central positions.
"""

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_maps, spatial


def _apply(x: Array) -> Array:
    for size in x.shape[2:]:
        x = x[:, :, size // 2]
    return x


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    axes = spatial(shape)
    middle = [size // 2 for size in shape[1:] if isinstance(size, int)]
    block = build.slice(x, middle, [i + 1 for i in middle], axes)
    build.squeeze(block, axes, out)


CENTER = of_maps("center", _apply, _nodes, needs=(1, 2, 3))
