"""Weights that nothing reads."""

from typing import Final

from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names, copied, keep, read


def find(model: Model) -> Names:
    """Name the constants, in whatever form, that no node reads and the model does not return."""
    return tuple(sorted(model.constants - read(model)))


def mend(model: Model, names: Names) -> Model:
    """Take them out, and their declarations."""
    gone, new = frozenset(names), copied(model)
    graph = new.graph
    for field in (graph.initializer, graph.input, graph.value_info):
        keep(field, [thing for thing in field if thing.name not in gone])
    sparse = graph.sparse_initializer
    keep(sparse, [tensor for tensor in sparse if tensor.values.name not in gone])
    keep(
        graph.node, [n for n in graph.node if n.op_type != "Constant" or gone.isdisjoint(n.output)]
    )
    notes = graph.quantization_annotation
    keep(notes, [note for note in notes if note.tensor_name not in gone])
    return Model(new, model.known)


UNUSED: Final = Ailment("unused-weights", "weights that nothing reads", "taken out", find, mend)
