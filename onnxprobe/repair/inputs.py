"""Inputs that are none: weights that are listed among them, and inputs that nothing reads."""

from typing import Final

from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names, read, without

_WEIGHTS_NEED_NOT_BE_INPUTS: Final = 4
"""The IR version from which a weight need not be listed as an input too."""


def find_weights(model: Model) -> Names:
    """Name the weights that are listed as inputs, so that every caller could overwrite them."""
    weights = {tensor.name for tensor in model.proto.graph.initializer}
    return tuple(info.name for info in model.proto.graph.input if info.name in weights)


def mend_weights(model: Model, names: Names) -> Model:
    """List them no more; IR versions before 4, which demand it, become 4."""
    new = without(model, names, "input")
    new.proto.ir_version = max(new.proto.ir_version, _WEIGHTS_NEED_NOT_BE_INPUTS)
    return new


def find_unread(model: Model) -> Names:
    """Name the inputs that callers must feed and nothing reads, if there are others."""
    needed = read(model)
    unread = tuple(name for name in model.inputs if name not in needed)
    return unread if len(unread) < len(model.inputs) else ()


def mend_unread(model: Model, names: Names) -> Model:
    """Take them out."""
    return without(model, names, "input")


LISTED_WEIGHTS: Final = Ailment(
    "weights-as-inputs",
    "weights that are listed as inputs",
    "weights only (IR version 4 at least)",
    find_weights,
    mend_weights,
)
UNREAD_INPUTS: Final = Ailment(
    "dangling-inputs", "inputs that nothing reads", "taken out", find_unread, mend_unread
)
