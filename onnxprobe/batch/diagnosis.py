"""Follow the pictures of a batch through a graph: does any node mix them, or count on one batch?"""

from collections.abc import Mapping
from dataclasses import dataclass

from onnxprobe.batch.flow import Crossing, Fixed, Flow, Rows, Unsure, plain
from onnxprobe.batch.pinned import batched_inputs, pinned, written_batch
from onnxprobe.batch.rules import Found
from onnxprobe.batch.walk import Walk
from onnxprobe.errors import BatchError, GraphError
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import check_order, label
from onnxprobe.graph.value import Value


@dataclass(frozen=True, slots=True)
class Baked:
    """A node that hard-codes the batch.

    Attributes:
        node: operator and name.
        wrote: how; goes on after ``node``.
        becomes: what stands there after the repair.
    """

    node: str
    wrote: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.node} {self.wrote}"


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What becomes of several pictures in a model.

    Attributes:
        model: what ``found`` speaks of: the model itself, or, where a node in a local function or in
            an If on a constant hard-codes the batch, the model with these written out flat.
        batch: the batch that is declared, or that nodes count on where none is.
        declared: whether the inputs declare it as a number.
        inputs: those that hold a picture a row.
        flows: what each tensor holds.
        found: for each node that hard-codes the batch, where.
    """

    model: Model
    batch: int
    declared: bool
    inputs: tuple[str, ...]
    flows: Mapping[str, Flow]
    found: Mapping[Node, tuple[Found, ...]]

    @property
    def baked(self) -> tuple[Baked, ...]:
        """Every place where a node hard-codes the batch, in file order."""
        return tuple(
            Baked(label(node), place.wrote, place.becomes)
            for node, places in self.found.items()
            for place in places
        )


def baked(model: Model) -> tuple[Baked, ...]:
    """Return the nodes that hard-code the batch; none if only the declarations do.

    Nothing is run. A graph that mixes the pictures of a batch is followed as far as it goes.

    Raises:
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    return diagnose(model).baked


def diagnose(model: Model) -> Diagnosis:
    """Follow the pictures through ``model``, at the written batch and at two more.

    Local functions, and branches that are always taken, are followed inside.

    Raises:
        GraphError: the graph has a cycle, its nodes are out of order, or its local functions call
            each other in a circle.
        BatchError: the model reads no pictures.
    """
    check_order(model)
    flat = inline(model)
    inputs = batched_inputs(model)
    if not inputs:
        raise BatchError("the model reads nothing whose first size could be a batch")
    batch = written_batch(model, inputs)
    fixed, opened = pinned(flat, dict.fromkeys(inputs, batch))
    batches = tried(batch)
    walk = Walk(fixed, _shapes(flat, fixed, batch), batches, opened)
    walk.start(inputs)
    walk.through()
    found = {flat.nodes[i]: places for i, places in walk.found.items()}
    declared = any(isinstance((model.values[name].shape or (None,))[0], int) for name in inputs)
    return Diagnosis(flat if found else model, batch, declared, inputs, walk.flows, found)


def tried(batch: int) -> tuple[int, ...]:
    """Return the batch sizes that shapes are worked out for: the written one, and two others."""
    return (batch, *(other for other in (1, 2, 3) if other != batch))[:3]


def _shapes(model: Model, fixed: Model, batch: int) -> dict[str, tuple[int | None, ...] | None]:
    """Return every shape at the written batch; where it does not follow, as a run has told."""
    symbols = {value.shape[0] for name in model.inputs if (value := model.values[name]).shape}
    found = {}
    for name, value in fixed.values.items():
        told = model.known.get(name, value)
        shape = value if value.shape is not None else told
        found[name] = _sizes(shape, {s for s in symbols if isinstance(s, str)}, batch)
    return found


def _sizes(value: Value, symbols: set[str], batch: int) -> tuple[int | None, ...] | None:
    if value.shape is None:
        return None
    sizes: list[int | None] = []
    for dim in value.shape:
        times, _, symbol = dim.rpartition("*") if isinstance(dim, str) else ("", "", "")
        if isinstance(dim, int):
            sizes.append(dim)
        else:
            sizes.append(batch * int(times or 1) if symbol in symbols else None)
    return tuple(sizes)


def outcome(diagnosis: Diagnosis, output: str) -> Rows | None:
    """Return how the pictures lie in an output; ``None`` if it is the same for all of them.

    Raises:
        BatchError: it cannot be told; the message names the node that mixes the pictures.
        GraphError: nothing writes it.
    """
    if output not in diagnosis.flows:
        raise GraphError(f"the output {output!r} is written by nothing")
    flow = diagnosis.flows[output]
    if not isinstance(flow, Fixed | Rows | Unsure):
        try:
            flow = plain(flow, tried(diagnosis.batch))
        except Crossing as crossing:
            flow = Unsure(f"the output {output!r} {crossing}")
    if isinstance(flow, Unsure):
        raise BatchError(f"{flow.reason}; so pictures must go in {diagnosis.batch} at a time")
    return flow if isinstance(flow, Rows) else None
