"""The backbone of a network: the tensors that everything the network knows passes through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

from onnxprobe.errors import GraphError, quoted
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.live import EVERY_READ, Edges, Live, live
from onnxprobe.graph.paths.ops import FEATURES, WEIGHTED, kind, operands
from onnxprobe.graph.paths.rows import rows_a_sample, sample_of
from onnxprobe.graph.shapes import batch_axis, batch_first, batch_of, per_sample
from onnxprobe.graph.value import Dim


@dataclass(frozen=True, eq=False)
class Spine:
    """What lies between one input and the outputs it is traced to.

    Attributes:
        model: the whole model.
        source: the input it starts from.
        live: the nodes and tensors between ``source`` and the outputs.
        beside: other inputs that lead to the outputs.
    """

    model: Model
    source: str
    live: Live
    beside: tuple[str, ...] = ()

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """The carriers whose shape is known, from the source to the output."""
        values = self.model.values
        return tuple(name for name in self.live.carriers if values[name].shape is not None)

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """The carriers whose shape is not known."""
        values = self.model.values
        return tuple(name for name in self.live.carriers if values[name].shape is None)

    @cached_property
    def guessed(self) -> tuple[str, ...]:
        """The carriers with a size that is not known, though the source is of one size."""
        if None in (self.shape(self.source) or ()):
            return ()
        return tuple(name for name in self.tensors if None in (self.shape(name) or ()))

    @cached_property
    def members(self) -> frozenset[str]:
        """The same as ``tensors``, to look names up in."""
        return frozenset(self.tensors)

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How many weighted layers lie on the longest way from the source to each tensor."""
        found, layers = {self.source: 0}, self.layers
        for node, reads in self.live.reads.items():
            before = found[reads[0]] if len(reads) == 1 else max([found[name] for name in reads])
            depth = before + (node in layers)
            for name in node.writes:
                found[name] = depth
        return found

    @property
    def deepest(self) -> int:
        """How many weighted layers lie on the longest way from the source to an output."""
        return max(self.depths[name] for name in self.live.outputs)

    @cached_property
    def layers(self) -> dict[Node, None]:
        """The nodes with weights of their own, in file order.

        Attention multiplies two features with each other; that is no layer in this sense.
        """
        return {node: None for node in self.live.reads if self._weighted(node)}

    @cached_property
    def batch(self) -> Dim:
        """The batch of the source."""
        shape = self.model.value(self.source).shape
        return shape[0] if shape else None

    def depth(self, name: str) -> float:
        """Return how far into the network ``name`` lies, 0 to 1, in weighted layers."""
        return self.depths[name] / max(1, self.deepest)

    def producer(self, name: str) -> Node | None:
        """Return the live node that writes ``name``."""
        node = self.model.producers.get(name)
        return node if node in self.live.reads else None

    def reads(self, node: Node) -> tuple[str, ...]:
        """Return the live tensors that ``node`` reads."""
        return self.live.reads[node]

    def _weighted(self, node: Node) -> bool:
        if kind(node) not in WEIGHTED and "::" not in node.op:
            return False
        others = [name for name in operands(node) if name not in self.live.tensors]
        if kind(node) in WEIGHTED:
            return bool(others)
        tensors = self.model.tensors
        return any(name in tensors and len(tensors[name].dims) > 1 for name in others)

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """Return the shape of one sample; where it takes several rows, how many is in front."""
        if self.several(name):
            return sample_of(self.model, name)
        return per_sample(self.model.value(name), self.batch)

    def several(self, name: str) -> bool:
        """Tell whether a sample takes several rows, one sample after the other."""
        return name in self._parted

    def front(self, name: str) -> int:
        """Return 1 where the shape of a sample begins with how many rows it takes, else 0."""
        if self.several(name):
            return 1
        shape, whole = self.shape(name), self.model.value(name).shape
        rows = bool(whole) and self.batch_axis(name) is None
        return int(rows and len(shape or ()) == len(whole or ()))

    @cached_property
    def _parted(self) -> frozenset[str]:
        """The tensors of which a sample takes several rows."""
        if self.batch != batch_of(self.model):
            return frozenset()
        shapes = ((name, self.model.value(name).shape) for name in self.live.tensors)
        others = (name for name, shape in shapes if shape and shape[0] != self.batch)
        return frozenset(name for name in others if rows_a_sample(self.model, name) is not None)

    def probeable(self, name: str) -> bool:
        """Tell whether the batch is the first axis, so that each row is one sample."""
        return not self.several(name) and batch_first(self.model.value(name), self.batch)

    def batch_axis(self, name: str) -> int | None:
        """Return the axis that is the batch; ``None`` where a sample takes several rows."""
        return None if self.several(name) else batch_axis(self.model.value(name), self.batch)

    def order(self, name: str) -> int:
        """Return how many of a sample's axes are not of size 1; unknown sizes count."""
        return _order(self.shape(name))

    def structured(self, name: str) -> bool:
        """Tell whether a sample is more than one vector: a map, tokens, a sequence."""
        return self.order(name) > 1

    def elements(self, name: str) -> int | None:
        """Return how many numbers one sample has, if all sizes are known."""
        shape = self.shape(name)
        if shape is None:
            return None
        known = [size for size in shape if size is not None]
        return prod(known) if len(known) == len(shape) else None


@lru_cache(maxsize=1024)
def _order(shape: tuple[int | None, ...] | None) -> int:
    return sum(size != 1 for size in shape or ())


def trace(model: Model, outputs: Sequence[str], source: str | None = None) -> Spine:
    """Return the spine that leads to ``outputs``.

    Where several inputs lead there, the source is the one that leads to most of ``outputs``, and
    of those the one with the longest chain of carriers.

    Raises:
        GraphError: no input leads to ``outputs``, or the graph cannot be followed at all.
    """
    sources = model.inputs if source is None else (source,)
    for edges in (FEATURES, EVERY_READ):
        whole = live(model, sources, outputs, edges=edges)
        if len(whole.sources) == 1:
            return Spine(model, whole.sources[0], whole)
        if whole.sources:
            spines = (_alone(model, name, outputs, whole, edges) for name in whole.sources)
            return max(spines, key=lambda spine: (len(spine.live.outputs), len(spine.tensors)))
    raise GraphError(
        f"nothing flows from {quoted(sources) or 'an input'} to {quoted(outputs)}: "
        "there is no tensor to pick between them"
    )


def _alone(model: Model, name: str, outputs: Sequence[str], whole: Live, edges: Edges) -> Spine:
    beside = tuple(other for other in whole.sources if other != name)
    return Spine(model, name, live(model, (name,), outputs, edges=edges), beside)
