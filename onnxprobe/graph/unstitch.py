"""Take what a head brought out of a graph again: what ``stitch`` did, undone."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import onnx

from onnxprobe.errors import NoSuchNameError, StitchError
from onnxprobe.graph.bodies import every_node
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import label

Function = tuple[str, str]
"""Domain and name of a local function."""


def unstitch(
    fused: Model,
    tensors: Collection[str],
    *,
    domains: Collection[str] = (),
    functions: Collection[Function] = (),
) -> Model:
    """Return ``fused`` without ``tensors``, the nodes that write them, and their declarations.

    What stays keeps its place and its bytes: ``unstitch(stitch(trunk, Graft(head, prefix=p)), …)``
    with the names that begin with ``p`` is ``trunk`` again.

    Args:
        fused: a graph that heads were stitched to.
        tensors: weights and results of nodes; those that are outputs are outputs no more.
        domains: operator sets whose import goes too, where nothing that stays uses them.
        functions: local functions that go too, where nothing that stays calls them.

    Raises:
        NoSuchNameError: there is no such tensor.
        StitchError: a node that stays reads one of ``tensors``, or gives one among others.
    """
    gone = frozenset(tensors)
    missing = next((name for name in tensors if name not in fused.names), None)
    if missing is not None:
        raise NoSuchNameError("tensor", missing, fused.names)
    new = onnx.ModelProto()
    new.CopyFrom(fused.proto)
    graph = new.graph
    kept = [node.proto for node in fused.nodes if _stays(node, gone)]
    _keep(graph.node, kept)
    for declared in (graph.initializer, graph.input, graph.output, graph.value_info):
        _keep(declared, [thing for thing in declared if thing.name not in gone])
    _keep(
        graph.sparse_initializer, [t for t in graph.sparse_initializer if t.values.name not in gone]
    )
    _keep(
        graph.quantization_annotation,
        [note for note in graph.quantization_annotation if note.tensor_name not in gone],
    )
    _forget(new, frozenset(functions), frozenset(domains))
    return Model(new, {name: value for name, value in fused.known.items() if name not in gone})


def _stays(node: Node, gone: frozenset[str]) -> bool:
    if node.writes and gone.issuperset(node.writes):
        return False
    lost = next((name for name in (*node.reads, *node.writes) if name in gone), None)
    if lost is not None:
        raise StitchError(f"{lost!r} cannot be taken out: {label(node)} needs it and stays")
    return True


def _forget(
    model: onnx.ModelProto, functions: frozenset[Function], domains: frozenset[str]
) -> None:
    called = _called(model)
    unused = functions - called
    _keep(model.functions, [f for f in model.functions if (f.domain, f.name) not in unused])
    used = {domain for domain, _ in called}
    _keep(model.opset_import, [o for o in model.opset_import if o.domain not in domains - used])


def _called(model: onnx.ModelProto) -> set[Function]:
    inside = {(f.domain, f.name): set(_operators(f.node)) for f in model.functions}
    called: set[Function] = set()
    todo = set(_operators(model.graph.node))
    while todo:
        operator = todo.pop()
        called.add(operator)
        todo |= inside.get(operator, set()) - called
    return called


def _operators(nodes: Iterable[onnx.NodeProto]) -> Iterator[Function]:
    return ((node.domain, node.op_type) for node in every_node(nodes))


def _keep(field: Any, things: Iterable[Any]) -> None:
    kept = list(things)
    del field[:]
    field.extend(kept)
