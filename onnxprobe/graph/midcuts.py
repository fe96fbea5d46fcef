"""Places in the middle of a network, where it knows how a picture looks rather than what it shows.

Channel statistics of early layers carry style and domain (Matsuura & Harada 2020,
arXiv:1911.07661); the pick, at the end, has unlearnt them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from onnxprobe.graph.inline import showing
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.ops import kind
from onnxprobe.graph.picking.channels import channel_axis, pools
from onnxprobe.graph.picking.spine import Spine, trace

_MERGES: Final = frozenset({"Add", "Concat", "Sum"})
_STEM: Final = 0.1
"""Share of the weighted layers that are too early to know anything."""


Places = int | tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class MidCut:
    """A structured tensor that all that a deeper one knows passes through.

    Attributes:
        tensor: its name.
        shape: of one sample; sizes that are not known are ``None``.
        op: the operator that writes it.
        depth: share of the weighted layers up to the last cut that lie before it, 0 to 1.
        size: of the map, or how many tokens: the shape without the channels.
        channels: how many numbers it has at each place.
        axis: of ``shape``, the one that holds them, counted from 0.
        block: whether branches (a residual, dense or inception block) end in it.
    """

    tensor: str
    shape: tuple[int | None, ...]
    op: str
    depth: float
    size: tuple[int | None, ...]
    channels: int | None
    axis: int
    block: bool


def mid_cuts(model: Model, tensor: str, source: str | None = None) -> tuple[MidCut, ...]:
    """Return what the way from the input ``source`` to ``tensor`` passes through, front to back.

    ``tensor``, mostly the pick, is the last. Others that no pooling can read (windows of a picture in
    the batch) are left out. ``source``: by default the input farthest from ``tensor``.

    Raises:
        NoSuchNameError: there is no such tensor, not even inside a local function.
        GraphError: nothing flows from an input to ``tensor``.
    """
    spine = trace(showing(model, (tensor,)), (tensor,), source)
    return tuple(
        _described(spine, name)
        for name in spine.tensors
        if name == tensor or (name != spine.source and _fits(spine, name))
    )


def views(cuts: Sequence[MidCut], count: int = 3) -> tuple[MidCut, ...]:
    """Choose up to ``count`` of what ``mid_cuts`` gave, at different scales, front to back.

    In a pyramid of maps: the widest cut of each size, the smallest sizes that are not the last cut's.
    What holds the numbers of one of another size in another arrangement (four neighbours as one place,
    on the way to the next size) does not count. Where all have one size, as in a plain transformer:
    blocks at even distances.
    """
    *before, last = cuts
    deep = [cut for cut in _arranged_once(before) if cut.depth >= _STEM]
    groups = _by_places([cut for cut in deep if _places(cut) != _places(last)])
    if len(groups) <= 1:
        return _spread([cut for cut in deep if cut.block] or deep, count)
    return tuple(map(_widest, groups[-count:]))


def _described(spine: Spine, name: str) -> MidCut:
    shape, node = spine.shape(name) or (), spine.producer(name)
    axis = channel_axis(spine, name)
    return MidCut(
        tensor=name,
        shape=shape,
        op="input" if node is None else node.op,
        depth=round(spine.depth(name), 3),
        size=(*shape[:axis], *shape[axis + 1 :]),
        channels=shape[axis] if shape else None,
        axis=axis,
        block=_ends_block(spine, name),
    )


def _fits(spine: Spine, name: str) -> bool:
    dtype = spine.model.value(name).dtype
    if dtype is not None and "float" not in dtype:
        return False
    shape = spine.shape(name)
    known = bool(shape) and shape is not None and shape[channel_axis(spine, name)] is not None
    return known and spine.structured(name) and pools(spine, name)


def _ends_block(spine: Spine, name: str) -> bool:
    """Tell whether no layer lies between ``name`` and the merge of branches behind it."""
    node = spine.producer(name)
    while node is not None and node not in spine.layers:
        reads = spine.reads(node)
        if len(reads) > 1:
            return kind(node) in _MERGES
        node = spine.producer(reads[0])
    return False


def _arranged_once(cuts: Sequence[MidCut]) -> Iterator[MidCut]:
    """Yield the cuts but for those that arrange the numbers of one before them in other places."""
    first: dict[tuple[float, int], MidCut] = {}
    for cut in cuts:
        numbers = prod(size or 0 for size in cut.shape)
        before = first.setdefault((cut.depth, numbers), cut) if numbers else cut
        if _places(before) == _places(cut):
            yield cut


def _by_places(cuts: Sequence[MidCut]) -> list[list[MidCut]]:
    groups: dict[Places, list[MidCut]] = {}
    for cut in cuts:
        groups.setdefault(_places(cut), []).append(cut)
    return list(groups.values())


def _places(cut: MidCut) -> Places:
    """Return how many places a cut has, be they a map or laid in a row; its size where that is open."""
    known = [size for size in cut.size if size is not None]
    return prod(known) if len(known) == len(cut.size) else cut.size


def _widest(group: Sequence[MidCut]) -> MidCut:
    """Return the cut with the most channels, the last of equals: it says most in one number each.

    In a residual pyramid it is the last block of its size; where blocks widen inside (Sandler et al.
    2018, arXiv:1801.04381), the widened map at the door to the next size.
    """
    return max(reversed(group), key=lambda cut: cut.channels or 0)


def _spread(cuts: Sequence[MidCut], count: int) -> tuple[MidCut, ...]:
    if len(cuts) <= count:
        return tuple(cuts)
    return tuple(cuts[(i + 1) * len(cuts) // (count + 1)] for i in range(count))
