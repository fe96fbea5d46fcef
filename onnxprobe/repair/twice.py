"""Weights, inputs and declarations that are written more than once."""

from typing import Any, Final

from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names, copied, keep, repeated


def find_weights(model: Model) -> Names:
    """Name the weights that are there more than once."""
    return repeated(tensor.name for tensor in model.proto.graph.initializer)


def mend_weights(model: Model, names: Names) -> Model:
    """Keep the last of each, which is the one that ONNX Runtime uses."""
    new = copied(model)
    keep(new.graph.initializer, _last(new.graph.initializer, names))
    return Model(new, model.known)


def find_inputs(model: Model) -> Names:
    """Name the inputs that are there more than once, each time the same."""
    said = [(info.name, info.SerializeToString()) for info in model.proto.graph.input]
    every = [name for name, _ in dict.fromkeys(said)]
    return tuple(n for n in repeated(name for name, _ in said) if every.count(n) == 1)


def mend_inputs(model: Model, names: Names) -> Model:
    """Keep one of each."""
    new = copied(model)
    keep(new.graph.input, _last(new.graph.input, names))
    return Model(new, model.known)


def find_declarations(model: Model) -> Names:
    """Name the inner tensors that are declared more than once."""
    return repeated(info.name for info in model.proto.graph.value_info)


def mend_declarations(model: Model, names: Names) -> Model:
    """Keep the last declaration of each."""
    new = copied(model)
    keep(new.graph.value_info, _last(new.graph.value_info, names))
    return Model(new, model.known)


def _last(things: Any, names: Names) -> list[Any]:
    place = {thing.name: i for i, thing in enumerate(things)}
    return [t for i, t in enumerate(things) if t.name not in names or place[t.name] == i]


WEIGHTS_TWICE: Final = Ailment(
    "weights-twice", "weights that are written twice", "the last kept", find_weights, mend_weights
)
INPUTS_TWICE: Final = Ailment(
    "inputs-twice", "inputs that are there twice", "one kept", find_inputs, mend_inputs
)
DECLARED_TWICE: Final = Ailment(
    "declared-twice",
    "inner tensors that are declared twice",
    "the last declaration kept",
    find_declarations,
    mend_declarations,
)
