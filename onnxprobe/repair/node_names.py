"""Two nodes of one name, which ONNX Runtime refuses to load."""

from typing import Final

from onnxprobe.graph.model import Model
from onnxprobe.repair._base import Ailment, Names, copied, repeated


def find(model: Model) -> Names:
    """Name the names that several nodes have."""
    return repeated(node.name for node in model.nodes if node.name)


def mend(model: Model, names: Names) -> Model:
    """Number the second and later nodes of each name."""
    new = copied(model)
    taken = set(model.used.nodes)
    met: set[str] = set()
    for node in new.graph.node:
        if node.name in names and node.name in met:
            node.name = _free(node.name, taken)
            taken.add(node.name)
        met.add(node.name)
    return Model(new, model.known)


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


NODE_NAMES: Final = Ailment(
    "node-names", "names that several nodes have", "numbered from the second on", find, mend
)
