"""Everything the file says about a network, layer by layer, and which tensor to probe."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from onnxprobe.errors import GraphError
from onnxprobe.graph.cost import Cost, costs
from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.pick import Alternative, Pick, pick
from onnxprobe.graph.shapes import batch_of, per_sample
from onnxprobe.graph.value import Dim, Value

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model.

    Attributes:
        name: its name.
        dtype: numpy name; ``None`` if it is not a tensor, or not known.
        shape: of one sample; sizes that are not known are ``None``.
        batch: the first size: a number, a symbol or unknown.
    """

    name: str
    dtype: str | None
    shape: Shape | None
    batch: Dim


@dataclass(slots=True)  # not frozen, for the same reason as Node
class Layer:
    """One operation.

    Attributes:
        index: position in the file.
        op: operator.
        name: as written in the file; may be empty.
        output: the first tensor it writes.
        shape: of one sample of it, without the batch; sizes that are not known are ``None``.
        elements: how many numbers that is; ``None`` if not known.
        parameters: how many numbers of the file it reads.
        macs: multiply-accumulates for one sample; ``None`` if not known.
        cut: whether the model can be split at ``output``.
    """

    index: int
    op: str
    name: str
    output: str
    shape: Shape | None
    elements: int | None
    parameters: int
    macs: int | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Inspection:
    """What ``inspect`` found.

    Attributes:
        model: what the model is called.
        opset: version of the default operator set.
        ir_version: version of the file format.
        inputs: what must be fed.
        outputs: what comes back.
        layers: every operation, in file order.
        pick: the tensor to probe; ``None`` where there is none.
        unpicked: why there is none; empty where there is one.
        parameters: numbers stored in the file that a layer reads, shared ones counted once a layer.
        weight_bytes: their size.
        macs: multiply-accumulates for one sample, over the layers where they are known.
        activation_bytes: size of all tensors for one sample, over the layers where it is known.
    """

    model: str
    opset: int
    ir_version: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    pick: Pick | None
    unpicked: str
    parameters: int
    weight_bytes: int
    macs: int
    activation_bytes: int

    @property
    def uncounted(self) -> int:
        """How many layers have multiply-accumulates that cannot be told."""
        return sum(layer.macs is None for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and text; unknown is ``None``."""
        return {
            "model": self.model,
            "opset": self.opset,
            "ir_version": self.ir_version,
            "inputs": [_plain(port) for port in self.inputs],
            "outputs": [_plain(port) for port in self.outputs],
            "layers": [_plain(layer) for layer in self.layers],
            "pick": None if self.pick is None else picked(self.pick),
        }


def inspect(model: Model, *, name: str | None = None) -> Inspection:
    """Look at a model without running it or reading its weights.

    ``name`` is what to call it; by default the name of its graph.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
        VersionError: the file names no opset, or two.
    """
    batch = batch_of(model)
    parting = {cut.tensor for cut in cuts(model)}
    paid = costs(model)
    try:
        found, why = pick(model), ""
    except GraphError as error:
        found, why = None, str(error)
    return Inspection(
        model=model.proto.graph.name if name is None else name,
        opset=model.opset,
        ir_version=model.ir_version,
        inputs=tuple(_port(model.value(name)) for name in model.inputs),
        outputs=tuple(_port(model.value(name)) for name in model.outputs),
        layers=tuple(
            _layer(
                node, cost, model.values[node.writes[0]] if node.writes else None, batch, parting
            )
            for node, cost in zip(model.nodes, paid, strict=True)
        ),
        pick=found,
        unpicked=why,
        parameters=sum(cost.parameters for cost in paid),
        weight_bytes=sum(cost.weight_bytes for cost in paid),
        macs=sum(cost.macs or 0 for cost in paid),
        activation_bytes=sum(cost.activation_bytes or 0 for cost in paid),
    )


@lru_cache(maxsize=1024)
def _elements(shape: Shape) -> int | None:
    known = [size for size in shape if size is not None]
    return prod(known) if len(known) == len(shape) else None


def picked(pick: Pick) -> dict[str, Any]:
    """Return a pick as plain dictionaries, lists, numbers and text."""
    return {
        "tensor": pick.tensor,
        "shape": _list(pick.shape),
        "op": pick.op,
        "role": pick.role,
        "ratio": pick.ratio,
        "depth": pick.depth,
        "ambiguous": pick.ambiguous,
        "reasons": list(pick.reasons),
        "alternatives": [_plain(alternative) for alternative in pick.alternatives],
        "follows": list(pick.follows),
        "source": pick.source,
        "outputs": list(pick.outputs),
        "per_output": [
            {"output": name, "tensor": other.tensor, "depth": other.depth}
            for other in pick.per_output
            for name in other.outputs
        ],
    }


def _plain(thing: Port | Layer | Alternative) -> dict[str, Any]:
    fields = {name: getattr(thing, name) for name in thing.__dataclass_fields__}
    return fields | {"shape": _list(thing.shape)}


def _list(shape: Sequence[int | None] | None) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _port(value: Value) -> Port:
    batch = value.shape[0] if value.shape else None
    return Port(value.name, value.dtype, per_sample(value, batch), batch)


def _layer(node: Node, cost: Cost, value: Value | None, batch: Dim, parting: set[str]) -> Layer:
    output, shape = ("", None) if value is None else (value.name, per_sample(value, batch))
    elements = None if shape is None else _elements(shape)
    cut = output in parting
    return Layer(  # in the order of its fields: there may be a hundred thousand
        node.index, node.op, node.name, output, shape, elements, cost.parameters, cost.macs, cut
    )
