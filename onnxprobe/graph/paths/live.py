"""The part of a graph that lies between given inputs and given outputs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import check_order


@dataclass(frozen=True)
class Edges:
    """Which of the tensors that a node reads count.

    Attributes:
        ops: operators, without their domain, of which some may not; of all others, all do.
        of: what counts for such a node of a model, given what was reached from the inputs already.
            A function of the module, not one made for a model: what is found is remembered by it.
    """

    ops: frozenset[str]
    of: Callable[[Model, Node, Collection[str]], Iterable[str]]


EVERY_READ: Final = Edges(frozenset(), lambda _, node, __: node.reads)
"""Count whatever a node reads: what must be there for it to run."""


@dataclass(frozen=True, eq=False)
class Live:
    """Everything on a path from a source to an output; dead ends and constants are left out.

    Attributes:
        sources: the model inputs that the paths start from.
        outputs: the tensors they lead to; those that no path leads to are left out.
        reads: for each node on a path, in file order, the live tensors it reads.
        tensors: every tensor on a path, sources and outputs included.
    """

    sources: tuple[str, ...]
    outputs: tuple[str, ...]
    reads: dict[Node, tuple[str, ...]]
    tensors: frozenset[str]

    @cached_property
    def readers(self) -> Mapping[str, int]:
        """Index of the last node that reads a tensor; those that nothing reads are left out."""
        return {name: node.index for node, reads in self.reads.items() for name in reads}

    @cached_property
    def carriers(self) -> tuple[str, ...]:
        """Every tensor that carries all there is to know at its place, from front to back.

        Sweep the nodes in order and keep the tensors still waiting to be read. Where exactly one
        waits, every path passes through it: a live tensor that does not depend on it, and that
        it does not depend on, would wait beside it. Time is linear in nodes and edges.
        """
        return tuple(self._swept())

    def _swept(self) -> Iterator[str]:
        last = {**self.readers}
        last |= dict.fromkeys(self.outputs, 1 + max(last.values(), default=0))
        waiting = dict.fromkeys(name for name in self.sources if name in last)
        if len(waiting) == 1:
            yield from waiting
        for node, reads in self.reads.items():
            for name in node.writes:
                if name in last:
                    waiting[name] = None
            for name in reads:
                if last[name] == node.index:
                    waiting.pop(name, None)
            if len(waiting) == 1:
                yield from waiting


_Asked = tuple[tuple[str, ...], tuple[str, ...], frozenset[str], object]
_LAST: Final[WeakKeyDictionary[Model, tuple[_Asked, Live]]] = WeakKeyDictionary()
"""What was asked of a model last: cuts and pick want the same part of most."""


def live(
    model: Model,
    sources: Collection[str],
    outputs: Collection[str],
    *,
    edges: Edges = EVERY_READ,
) -> Live:
    """Return what lies between ``sources`` and ``outputs``.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    check_order(model)
    special = frozenset(op for op in model.ops if op.rpartition("::")[2] in edges.ops)
    asked = (tuple(sources), tuple(outputs), special, edges.of if special else None)
    before = _LAST.get(model)
    if before is not None and before[0] == asked:
        return before[1]
    reached = set(sources)
    forward: dict[Node, tuple[str, ...]] = {}
    for node in model.nodes:
        read = edges.of(model, node, reached) if node.op in special else node.reads
        reads = [name for name in read if name in reached]
        if reads:
            forward[node] = tuple(dict.fromkeys(reads) if len(reads) > 1 else reads)
            reached.update(node.writes)
    needed = {name for name in outputs if name in reached}
    dead: list[Node] = []
    for node in reversed(forward):
        if needed.isdisjoint(node.writes):
            dead.append(node)
        else:
            needed.update(forward[node])
    for node in dead:
        del forward[node]
    found = Live(
        sources=tuple(name for name in sources if name in needed),
        outputs=tuple(name for name in dict.fromkeys(outputs) if name in reached),
        reads=forward,
        tensors=frozenset(needed),
    )
    _LAST[model] = asked, found
    return found
