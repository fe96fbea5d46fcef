"""The part of a graph that lies between given inputs and given outputs."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.order import check_order

Edges = Callable[[Node, Collection[str]], Iterable[str]]
"""Which of the tensors that a node reads count, given those already reached from the inputs."""


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

    def carriers(self) -> Iterator[str]:
        """Yield, from front to back, every tensor that carries all there is to know at its place.

        Sweep the nodes in order and keep the tensors still waiting to be read. Where exactly one
        waits, every path passes through it: a live tensor that does not depend on it, and that
        it does not depend on, would wait beside it. Time is linear in nodes and edges.
        """
        last = {name: node.index for node, reads in self.reads.items() for name in reads}
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


def every_read(node: Node, reached: Collection[str]) -> Iterable[str]:  # noqa: ARG001
    """Count whatever a node reads: what must be there for it to run."""
    return node.reads


def live(
    model: Model,
    sources: Collection[str],
    outputs: Collection[str],
    *,
    edges: Edges = every_read,
) -> Live:
    """Return what lies between ``sources`` and ``outputs``.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    check_order(model)
    reached = set(sources)
    forward: dict[Node, tuple[str, ...]] = {}
    for node in model.nodes:
        reads = [name for name in edges(node, reached) if name in reached]
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
    return Live(
        sources=tuple(name for name in sources if name in needed),
        outputs=tuple(name for name in dict.fromkeys(outputs) if name in reached),
        reads=forward,
        tensors=frozenset(needed),
    )
