"""Where a graph can be cut in two: tensors that everything after them can be computed from."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.live import Edges, Live, live
from onnxprobe.graph.paths.sizes import asks_batch, feature_or_size, has_batch
from onnxprobe.graph.value import Value

_BUT_SIZES: Final = Edges(frozenset({"Shape"}), lambda model, node, _: feature_or_size(model, node))
"""Count whatever a node reads, but for the batch alone."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A tensor every path from input to output passes through.

    Attributes:
        value: the tensor; becomes the trunk's output and the head's input.
        node: the operation that writes it.
        depth: share of the nodes between input and output that run before it, 0 to 1.
    """

    value: Value
    node: Node
    depth: float

    @property
    def tensor(self) -> str:
        """Name of the tensor."""
        return self.value.name


def cuts(model: Model, output: str | None = None, source: str | None = None) -> tuple[Cut, ...]:
    """Return every single-tensor cut, from the input side to the output side.

    A tensor is a cut when ``output`` (by default: every output) can be computed from it without
    ``source`` (by default: without any model input; other inputs may still be read when one is
    named). What is asked of an input for the batch alone can be asked of a tensor that has the batch
    (see ``graph.paths.sizes``). Model inputs, and outputs that nothing reads on, are left out: they part a
    model from nothing. Time is linear in nodes and edges.

    >>> from onnxprobe.graph.build import Builder
    >>> from onnxprobe.graph.value import Value
    >>> nodes = Builder(17)
    >>> stem = nodes.op("Neg", "x", out="stem")
    >>> block = nodes.op("Add", stem, nodes.op("Relu", stem, out="branch"), out="block")
    >>> y = nodes.op("Neg", block, out="y")
    >>> ends = [Value(name, "float32", ("N", 3)) for name in ("x", "y")]
    >>> [cut.tensor for cut in cuts(nodes.model("residual", ends[:1], ends[1:], ir_version=8))]
    ['stem', 'block']

    Raises:
        NoSuchNameError: ``output`` or ``source`` is not a tensor of the model.
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    outputs = model.outputs if output is None else (model.value(output).name,)
    sources = model.inputs if source is None else (model.value(source).name,)
    found = {cut.tensor: cut for cut in _carried(model, live(model, sources, outputs))}
    if "Shape" in model.ops and any(asks_batch(model, node) for node in model.nodes):
        without = live(model, sources, outputs, edges=_BUT_SIZES)
        others = (cut for cut in _carried(model, without) if has_batch(model, cut.tensor))
        found = {cut.tensor: cut for cut in others} | found
    return tuple(sorted(found.values(), key=lambda cut: cut.node.index))


def _carried(model: Model, part: Live) -> Iterator[Cut]:
    """Yield the tensors of ``part`` that carry all there is to know, front to back."""
    before = {node: i for i, node in enumerate(part.reads, start=1)}
    values, producers, count = model.values, model.producers, len(before)
    for name in part.carriers:
        node = producers.get(name)
        if name in part.readers and node is not None and node in before:
            yield Cut(values[name], node, before[node] / count)


def nearest_cut(model: Model, names: Collection[str]) -> str | None:
    """Return the first cut that depends on one of ``names``, or ``None`` if there is none.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    after = {model.producers[name].index for name in names if name in model.producers}
    start = min(after, default=-1)
    return next((cut.tensor for cut in cuts(model) if cut.node.index > start), None)
