"""Which probes are worth comparing."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from onnxprobe.errors import PoolingError
from onnxprobe.graph.midcuts import MidCut, mid_cuts, views
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.rows import sample_of
from onnxprobe.graph.pick import Pick
from onnxprobe.graph.picking.channels import channels_of
from onnxprobe.pooling import usual
from onnxprobe.probe import Probe, width

_WITH: Final[dict[str, tuple[str, ...]]] = {
    "mean": ("mean", "std", "max", "gem", "center"),
    "token-mean": ("token-mean", "token-std", "cls"),
    "flatten": ("flatten",),
}
"""By the usual pooling of a shape, those that read it in the same sense."""


def candidates(model: Model, pick: Pick, *, top: int) -> tuple[Probe, ...]:
    """Return the probes of up to ``top`` tensors, each with every pooling that reads it.

    The pick comes first. About a third are what lies behind it, nearer to the answer; a third are
    cuts at other scales; the rest are the last blocks before it.

    Raises:
        PoolingError: no pooling reads any of them, or nothing but the input is there.
    """
    found = [probe for name in tensors(model, pick, top=top) for probe in _probes(model, name)]
    if found:
        return tuple(found)
    if pick.tensor == pick.source:
        raise PoolingError(
            f"no tensor behind the input {pick.source!r} carries everything, so there is nothing to "
            "compare; look at: onnxprobe inspect"
        )
    raise PoolingError(f"no pooling reads {pick.tensor!r} or a tensor near it")


def tensors(model: Model, pick: Pick, *, top: int) -> tuple[str, ...]:
    """Return the names of up to ``top`` tensors that something can be pooled from, the pick first.

    The input is none of them, nor is what only rearranges it.
    """
    cuts = mid_cuts(model, pick.tensor, pick.source)
    third = max(1, (top - 1) // 3)
    behind = _fit(model, (other.tensor for other in pick.alternatives))
    scales = [cut.tensor for cut in reversed(views(cuts, third))]
    before = [cut.tensor for cut in _nearest(cuts[:-1])]
    first = [pick.tensor, *behind[:third], *scales, *before, *behind[third:]]
    raw = {pick.source, *(cut.tensor for cut in cuts if not cut.depth)}
    return tuple(_fit(model, (name for name in dict.fromkeys(first) if name not in raw))[:top])


def _nearest(cuts: Sequence[MidCut]) -> list[MidCut]:
    """Sort by nearness to the pick, the ends of blocks before what is inside or between them."""
    backwards = cuts[::-1]
    return sorted(backwards, key=lambda cut: not cut.block)


def _fit(model: Model, names: Iterable[str]) -> list[str]:
    return [name for name in names if name in model.names and any(_probes(model, name))]


def _probes(model: Model, tensor: str) -> Iterator[Probe]:
    if "float" not in (model.value(tensor).dtype or "float"):
        return
    shape = sample_of(model, tensor)
    poolings = _WITH[usual(shape, channels_of(model, tensor))]
    one_place = len(shape or ()) > 1 and all(size == 1 for size in (shape or ())[1:])
    for pooling in poolings[:1] if one_place else poolings:
        probe = Probe(tensor, pooling)
        try:
            width(model, probe)
        except PoolingError:
            continue
        yield probe
