"""Where a network compresses what it knows: the first answer, before any refinement."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Final, Literal

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, ROUNDING, kind
from onnxprobe.graph.picking.channels import channel_axis, narrowing
from onnxprobe.graph.picking.spine import Spine
from onnxprobe.graph.picking.stacked import made_of_vectors

Role = Literal["collapse", "class-map", "interior-bottleneck", "penultimate", "output", "shared"]
"""Why a tensor is picked.

- ``collapse``: everything after it is one vector per sample.
- ``class-map``: the same, one layer earlier, because the map that is pooled holds the classes.
- ``interior-bottleneck``: a vector lies in the middle, as in an autoencoder.
- ``penultimate``: the answer is dense (a mask, tokens), or all is vectors but perhaps the input: the last
  before the last layer.
- ``output``: the model ends in features that nothing has compressed yet.
- ``shared``: the last tensor that all outputs come from.
"""

_ANSWERS: Final = LAYOUT | ROUNDING | {
    "ArgMax", "HardSigmoid", "LogSoftmax", "Resize", "Sigmoid", "Slice", "Softmax", "Tanh",
    "Upsample",
}  # fmt: skip
"""What stands between the last weighted layer of a dense network and its output."""

_DECISIONS: Final = frozenset({"ArgMax", "ArgMin", "TopK"})

HEAD_SHRINKS: Final = 8
"""Pooling halves each of at most three axes; an answer is smaller than its features by more."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A tensor, why it, and the next carrier after it (``None`` at the end of the network)."""

    tensor: str
    role: Role
    follows: str | None


def land(spine: Spine) -> Landing | None:
    """Return the last tensor before compression; ``None`` where no layer reads a carrier."""
    chain = spine.tensors
    vectors = _places_end(spine)
    if 0 < vectors < len(chain) and not _is_dense(spine, chain[vectors - 1], chain[vectors]):
        return Landing(chain[vectors - 1], "collapse", chain[vectors])
    if vectors:
        return _interior(spine) or _end(spine)
    return penultimate(spine)


def _places_end(spine: Spine) -> int:
    """Return how many carriers there are up to the last that has places.

    Where all that has any is made of vectors, as what a generator draws, those places count.
    """
    structured = [i for i, name in enumerate(spine.tensors, start=1) if spine.structured(name)]
    seen = (i for i in reversed(structured) if _has_places(spine, spine.tensors[i - 1]))
    return next(seen, structured[-1] if structured else 0)


def _has_places(spine: Spine, tensor: str) -> bool:
    return tensor in spine.live.outputs or not made_of_vectors(spine, tensor)


def _is_dense(spine: Spine, tensor: str, follows: str) -> bool:
    """Tell whether ``follows`` is an answer for every place, though it looks like a vector."""
    node = spine.producer(follows)
    decides = node is not None and kind(node) in _DECISIONS
    return decides or _only_flattens(spine, tensor)


def _only_flattens(spine: Spine, tensor: str) -> bool:
    """Tell whether the output is ``tensor`` laid out in a row: a dense answer, not a vector."""
    output = spine.tensors[-1]
    size = spine.elements(tensor)
    ends = len(spine.live.outputs) == 1 and output == spine.live.outputs[0]
    alike = size is not None and size == spine.elements(output)
    return ends and alike and spine.depths[tensor] == spine.depths[output]


def _interior(spine: Spine) -> Landing | None:
    structured = ((name, spine.structured(name)) for name in spine.tensors)
    for (before, wide), (after, still) in pairwise(structured):
        if wide and not still and not _is_dense(spine, before, after):
            return Landing(before, "interior-bottleneck", after)
    return None


def _end(spine: Spine) -> Landing | None:
    if len(spine.live.outputs) > 1:
        return Landing(spine.tensors[-1], "shared", None)
    last = penultimate(spine)
    return _features(spine, last) or last


def _features(spine: Spine, last: Landing | None) -> Landing | None:
    """Return the output itself where it is not the answer of the last layer, which reads ``last``."""
    (output,) = spine.live.outputs
    chain = spine.tensors
    node = before_answer(spine, output)
    if node is None or chain[-1] != output or len(chain) < 3:  # noqa: PLR2004  (source, one between)
        return None
    if node in spine.layers or kind(node) == "Concat" or _sums_answers(spine, node):
        return None
    if _one_channel(spine, node):
        return None
    size = spine.elements(output)
    before = None if last is None else spine.elements(last.tensor)
    shrinks = size is not None and before is not None and size * HEAD_SHRINKS < before
    return None if shrinks else Landing(output, "output", None)


def _one_channel(spine: Spine, node: Node) -> bool:
    """Tell whether what ``node`` gives is one number a place, bent after the layer that judges, as depths are."""
    made: Node | None = node
    while made is not None and made not in spine.layers and len(spine.reads(made)) == 1:
        made = spine.producer(spine.reads(made)[0])
    if made is None or made not in spine.layers:
        return False
    shape = spine.shape(made.writes[0])
    return bool(shape) and shape is not None and shape[channel_axis(spine, made.writes[0])] == 1


def before_answer(spine: Spine, output: str) -> Node | None:
    """Return the node behind an answer's own operators: softmax, bias, resizing, layout."""
    node = spine.producer(output)
    while node is not None:
        reads = _read(spine, node)
        if len(reads) != 1 or not (kind(node) in _ANSWERS or _adjusts(spine, node, reads[0])):
            return node
        node = spine.producer(reads[0])
    return None


def _read(spine: Spine, node: Node) -> tuple[str, ...]:
    """Return the live tensors that ``node`` reads, but for the scale that numbers were quantised with.

    It is one number, taken from them when the model runs (``DynamicQuantizeLinear``).
    """
    reads = spine.reads(node)
    if len(reads) == 1:
        return reads
    return tuple(name for name in reads if spine.model.value(name).shape != ())


def _adjusts(spine: Spine, node: Node, read: str) -> bool:
    """Tell whether a node adds a bias, scales by one number, or keeps the peaks (Zhou et al. 2019)."""
    others = [name for name in node.reads if name != read]
    if kind(node) == "Add":
        return bool(others)
    if kind(node) not in {"Div", "Mul", "Sub", "Where"} or not others:
        return False
    return all(_is_number(spine, name) or name not in spine.model.tensors for name in others)


def _is_number(spine: Spine, name: str) -> bool:
    return name in spine.model.tensors and prod(spine.model.tensors[name].dims) == 1


def _sums_answers(spine: Spine, node: Node) -> bool:
    """Tell whether layers that make few numbers of many are added up, as answers of several scales are.

    So do networks that judge two maps apart (LR-ASPP, Howard et al. 2019, arXiv:1905.02244). A
    residual block adds up what is as wide as what it reads, or wider.
    """
    reads = spine.reads(node)
    if kind(node) not in {"Add", "Sum"} or len(reads) < 2:  # noqa: PLR2004
        return False
    summed = [before_answer(spine, name) for name in reads]
    layers = [node for node in summed if node is not None and node in spine.layers]
    ratios = [narrowing(spine, node) for node in layers]
    return len(layers) == len(reads) and min(ratios) >= 1 and max(ratios) > 1


def penultimate(spine: Spine) -> Landing | None:
    """Return the last carrier before the last layer that is not depthwise."""
    layers = (node.index for node in spine.layers if not _is_depthwise(spine, node))
    last = max(layers, default=-1)
    for name in reversed(spine.tensors):
        made = spine.producer(name)
        if (-1 if made is None else made.index) < last:
            return Landing(name, "penultimate", _next(spine, name))
    return None


def _is_depthwise(spine: Spine, node: Node) -> bool:
    """Tell whether a convolution looks at one channel at a time: it follows another, as its end."""
    kernel = spine.model.values.get(node.inputs[1]) if len(node.inputs) > 1 else None
    shape = None if kernel is None else kernel.shape
    return kind(node) == "Conv" and shape is not None and len(shape) > 1 and shape[1] == 1


def _next(spine: Spine, name: str) -> str | None:
    at = spine.tensors.index(name) + 1
    return spine.tensors[at] if at < len(spine.tensors) else None
