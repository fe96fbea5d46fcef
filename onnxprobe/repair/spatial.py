"""BatchNormalization that says ``spatial=0``, a mean for each place, and has a mean for each channel.

MXNet wrote it so before opset 9. ONNX Runtime loads it and fails when it runs; the weights fit one meaning.
"""

from collections.abc import Iterator
from typing import Final

from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names, copied, keep

_SAID: Final = "spatial"


def find(model: Model) -> Names:
    """Name the nodes whose weights have one axis."""
    return tuple(label(node) for node in _per_channel(model))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  two may be called the same
    """Do not say it: by default, channels are normalised."""
    new = copied(model)
    for node in _per_channel(model):
        said = new.graph.node[node.index].attribute
        keep(said, [attribute for attribute in said if attribute.name != _SAID])
    return Model(new, model.known)


def _per_channel(model: Model) -> Iterator[Node]:
    for node in model.nodes:
        norm = node.op == "BatchNormalization" and node.proto.domain in DEFAULT_DOMAINS
        if not norm or node.attribute(_SAID, 1):
            continue
        weights = [model.tensors.get(name) for name in node.inputs[1:]]
        if all(tensor is not None and len(tensor.dims) == 1 for tensor in weights):
            yield node


SPATIAL: Final = Ailment(
    "spatial",
    "nodes that normalise each place, by weights for each channel",
    "each channel",
    find,
    mend,
)
