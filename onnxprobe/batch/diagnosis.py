"""Follow the pictures of a batch through a graph: does any node mix them, or count on one batch?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from onnxprobe.batch import counts, sizing
from onnxprobe.batch.flow import FIXED, Crossing, Fixed, Flow, Numbers, Rows, Unsure, Woven, plain
from onnxprobe.batch.given import Given
from onnxprobe.batch.pinned import batched_inputs, pinned, written_batch
from onnxprobe.batch.rules import BY_OP, Found, Here, Step, crossing, weaving
from onnxprobe.batch.rules._base import is_fixed
from onnxprobe.errors import BatchError, GraphError
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.order import check_order, label
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
    walk = _Walk(fixed, _shapes(flat, fixed, batch), batches, opened)
    walk.start(inputs)
    for node in fixed.nodes:
        walk.follow(node)
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


def _is_whole(shape: tuple[int | None, ...] | None) -> bool:
    """Tell whether all sizes are known."""
    return shape is not None and None not in shape


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


class _Walk:
    """One pass over the nodes; collects what flows where."""

    def __init__(
        self,
        model: Model,
        shapes: dict[str, tuple[int | None, ...] | None],
        batches: tuple[int, ...],
        opened: bool,  # noqa: FBT001
    ) -> None:
        self.model, self.shapes, self.batches, self.opened = model, shapes, batches, opened
        self.flows: dict[str, Flow] = {}
        self.given = Given(model, self.flows)
        self.found: dict[int, tuple[Found, ...]] = {}

    def start(self, inputs: tuple[str, ...]) -> None:
        """Say what the inputs and the constants of the file hold."""
        constants = self.model.constants
        self.flows |= {name: counts.constant(self.model, name, self.batches) for name in constants}
        self.flows |= dict.fromkeys(self.model.inputs, FIXED)
        self.flows |= dict.fromkeys(inputs, Rows(0))

    def follow(self, node: Node) -> None:
        """Say what a node gives."""
        if node.op == "Constant":
            return
        try:
            step = self._step(node)
        except Crossing as crossing:
            step = Step((Unsure(f"{label(node)} {crossing}"),))
        for i, name in enumerate(node.outputs):
            if name:
                self.flows[name] = step.flows[min(i, len(step.flows) - 1)]
        if step.found:
            self.found[node.index] = step.found
        if step.shape is not None and self.shapes.get(node.outputs[0]) is None:
            self.shapes[node.outputs[0]] = step.shape
        self._size(node)

    def _size(self, node: Node) -> None:
        """Note the shapes of what ``node`` gives, where inference of the whole graph lost them."""
        lost = [name for name in node.writes if not _is_whole(self.shapes.get(name))]
        if not lost:
            return
        numbers = {
            name: flow.trials[0]
            for name in (*node.reads, *lost)
            if isinstance(flow := self.flows.get(name), Numbers)
        }
        read = [self.shapes.get(name) for name in node.inputs]
        found = sizing.given(self.model, node, read, numbers)
        found |= {name: numbers[name].shape for name in lost if name in numbers}
        open_ = (name for name in lost if not _is_whole(found.get(name)))
        fixed = [name for name in open_ if isinstance(self.flows.get(name), Fixed)]
        found |= {name: array.shape for name in fixed if (array := self.given(name)) is not None}
        self.shapes |= {name: found[name] for name in lost if name in found}

    def _step(self, node: Node) -> Step:
        flows = tuple(self.flows.get(name, FIXED) for name in node.inputs)
        captured = tuple(self.flows.get(name, FIXED) for name in node.captures)
        unsure = next((f for f in (*flows, *captured) if isinstance(f, Unsure)), None)
        if unsure is not None:
            return Step((unsure,))
        if node.op in ("Shape", "Size") and isinstance(flows[0], Rows | Woven | Fixed):
            return self._shape(node, flows[0])
        if node.op in crossing.RANDOM:
            raise Crossing("draws random numbers")
        counted = counts.computed(node, flows, self.model.opset)
        if counted is not None:
            return Step(counted)
        if all(map(is_fixed, (*flows, *captured))):
            return Step((FIXED,))
        return self._ruled(node, flows)

    def _shape(self, node: Node, flow: Flow) -> Step:
        shape = self.shapes.get(node.inputs[0])
        rows = flow if isinstance(flow, Rows | Woven) else Rows(-1)
        said = None if shape is None else counts.shape_of(node, rows, shape, self.batches)
        if said is None:
            raise Crossing(f"asks for the shape of {node.inputs[0]!r}, which is not known")
        return Step((said,))

    def _ruled(self, node: Node, flows: tuple[Flow, ...]) -> Step:
        rule = BY_OP.get(node.op)
        if rule is None:
            raise Crossing("is an operator that there is no rule for")
        here = Here(
            node,
            flows,
            tuple(self.shapes.get(name) for name in node.inputs),
            self.batches,
            self.model.opset,
            tuple(name in self.model.constants for name in node.inputs),
            self.opened,
            lambda position: self.given(node.inputs[position]),
        )
        follow = partial(weaving.follow, rule) if weaving.meets(here) else rule.follow
        try:
            return follow(here)
        except (IndexError, OverflowError, TypeError, ValueError) as odd:  # an axis that is a text
            raise Crossing("has other attributes or inputs than its operator") from odd


def outcome(diagnosis: Diagnosis, output: str) -> Rows | None:
    """Return how the pictures lie in an output; ``None`` if it is the same for all of them.

    Raises:
        BatchError: it cannot be told; the message names the node that mixes the pictures.
        GraphError: nothing writes it.
    """
    if output not in diagnosis.flows:
        raise GraphError(f"the output {output!r} is written by nothing")
    flow = diagnosis.flows[output]
    if isinstance(flow, Numbers | Woven):
        try:
            flow = plain(flow, tried(diagnosis.batch))
        except Crossing as crossing:
            flow = Unsure(f"the output {output!r} {crossing}")
    if isinstance(flow, Unsure):
        raise BatchError(f"{flow.reason}; so pictures must go in {diagnosis.batch} at a time")
    return flow if isinstance(flow, Rows) else None
