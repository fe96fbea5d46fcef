"""Local functions, and branches that are always or never taken: written out flat on request.

They are right as they are. But what lies inside cannot be read without being computed twice.
"""

from typing import Final

from onnxprobe.graph.inline import branches, inline
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names


def find(model: Model) -> Names:
    """Name the local functions, and every If on a constant."""
    functions = (f"{f.domain}::{f.name}" for f in model.proto.functions)
    return (*functions, *map(label, branches(model)))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  one inside another: all or none
    """Write them out where they run.

    Raises:
        GraphError: the local functions call each other in a circle.
    """
    return inline(model)


FUNCTIONS: Final = Ailment(
    "functions",
    "local functions, and branches on a constant",
    "written out flat",
    find,
    mend,
    when="asked",
)
