"""One pass over the nodes of a graph: what flows where, at the written batch and at two more.

Where axes of size 1 leave it open along which of them the pictures lie, the likeliest is taken; once that
leads to a node that would mix them, the choices behind this node are made the other way; or blocks of
pictures are put in order, one picture after the other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from onnxprobe.batch import bounds, counts, sizing
from onnxprobe.batch.alike import Alike
from onnxprobe.batch.flow import (
    FIXED,
    Counting,
    Crossing,
    Fixed,
    Flow,
    Numbers,
    Partly,
    Rows,
    Unsure,
    Woven,
)
from onnxprobe.batch.given import Given
from onnxprobe.batch.rules import BY_OP, Found, Here, Step, counting, crossing, parts, weaving
from onnxprobe.batch.rules._base import is_fixed
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import label

_TURNS: Final = 16
"""How many choices behind a node are tried the other way."""
_IN_ORDER: Final = -1
"""The turn with which blocks of pictures are put in order in front of a node."""

Shapes = dict[str, tuple[int | None, ...] | None]


@dataclass(slots=True)
class Walk:
    """One pass over the nodes; collects what flows where.

    Attributes:
        model: whose nodes are followed; all its inputs have sizes.
        shapes: of every tensor at the written batch, as far as known.
        batches: the batch sizes that are tried.
        opened: whether other sizes than the batch had been open.
        flows: what each tensor holds.
        found: the places where a node hard-codes the batch, by its index.
    """

    model: Model
    shapes: Shapes
    batches: tuple[int, ...]
    opened: bool
    flows: dict[str, Flow] = field(default_factory=dict)
    found: dict[int, tuple[Found, ...]] = field(default_factory=dict)
    _ways: dict[int, int] = field(default_factory=dict)
    _turned: dict[int, int] = field(default_factory=dict)
    _given: Given = field(init=False)
    _alike: Alike = field(init=False)

    def __post_init__(self) -> None:
        self._given = Given(self.model, self.flows)
        self._alike = Alike(self.model, self.shapes, self.flows, self._given)

    def start(self, inputs: Iterable[str]) -> None:
        """Say what the inputs and the constants of the file hold."""
        constants = self.model.constants
        self.flows |= {name: counts.constant(self.model, name, self.batches) for name in constants}
        self.flows |= dict.fromkeys(self.model.inputs, FIXED)
        self.flows |= dict.fromkeys(inputs, Rows(0))

    def through(self) -> None:
        """Follow every node; where pictures would mix, turn back to what was chosen before."""
        for node in self.model.nodes:
            if self._follow(node):
                self._turn_back(node)

    def _follow(self, node: Node) -> bool:
        """Say what a node gives, and return whether it would mix pictures."""
        if node.op == "Constant":
            return False
        mixes = False
        try:
            step = self._step(node)
        except Crossing as crossing:
            mixes = True
            step = Step((Unsure(f"{label(node)} {crossing}"),))
        for i, name in enumerate(node.outputs):
            if name:
                self.flows[name] = step.flows[min(i, len(step.flows) - 1)]
        self.found.pop(node.index, None)
        if step.found:
            self.found[node.index] = step.found
        if step.ways > 1:
            self._ways[node.index] = step.ways
        if step.shape is not None and self.shapes.get(node.outputs[0]) is None:
            self.shapes[node.outputs[0]] = step.shape
        self._size(node)
        return mixes or any(
            isinstance(self.flows[name], Woven) and name in self.model.outputs
            for name in node.writes
        )

    def _turn_back(self, node: Node) -> None:
        """Make a choice behind ``node`` another way, the last one first, if that leads past it.

        Where none does, blocks of pictures may be put in order, one picture after the other.
        """
        behind = self._behind(node)
        open_ = sorted(behind & self._ways.keys(), reverse=True)[:_TURNS]
        woven = sorted(filter(self._reads_woven, behind), reverse=True)[:_TURNS]
        turns = [(index, turn) for index in open_ for turn in range(1, self._ways[index])]
        for index, turn in (*turns, *((index, _IN_ORDER) for index in woven)):
            if self._turn(index, turn, node.index):
                return

    def _reads_woven(self, index: int) -> bool:
        return any(isinstance(self.flows.get(n), Woven) for n in self.model.nodes[index].inputs)

    def _behind(self, node: Node) -> set[int]:
        """Return the nodes that ``node`` follows from, and itself."""
        todo, found = [node], {node.index}
        while todo:
            for name in todo.pop().reads:
                before = self.model.producers.get(name)
                moves = isinstance(self.flows.get(name), Rows | Woven | Counting)
                if moves and before is not None and before.index not in found:
                    found.add(before.index)
                    todo.append(before)
        return found

    def _turn(self, index: int, turn: int, end: int) -> bool:
        """Follow what depends on a choice up to ``end`` as if it were made another way.

        Returns whether no node mixes pictures then; else all is as it was.
        """
        before = dict(self.flows), dict(self.found), dict(self._ways), dict(self._turned)
        self._turned[index] = turn
        changed = set[str]()
        for node in self.model.nodes[index : end + 1]:
            if node.index != index and changed.isdisjoint(node.reads):
                continue
            if self._follow(node):
                self._restore(*before)
                return False
            changed.update(node.writes)
        return True

    def _restore(
        self,
        flows: dict[str, Flow],
        found: dict[int, tuple[Found, ...]],
        ways: dict[int, int],
        turned: dict[int, int],
    ) -> None:
        self.flows |= flows  # the same dictionary: others look into it
        self.found, self._ways, self._turned = found, ways, turned

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
        found |= {name: array.shape for name in fixed if (array := self._given(name)) is not None}
        self.shapes |= {name: found[name] for name in lost if name in found}

    def _step(self, node: Node) -> Step:
        flows = tuple(self.flows.get(name, FIXED) for name in node.inputs)
        captured = tuple(self.flows.get(name, FIXED) for name in node.captures)
        unsure = next((f for f in (*flows, *captured) if isinstance(f, Unsure)), None)
        if unsure is not None:
            return Step((unsure,))
        if node.op in ("Shape", "Size") and not isinstance(flows[0], Numbers):
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
        if isinstance(flow, Counting):
            rows = Rows(flow.axis, flow.times)
        if isinstance(flow, Partly):
            rows = flow.rows
        said = None if shape is None else counts.shape_of(node, rows, shape, self.batches)
        if said is None:
            raise Crossing(f"asks for the shape of {node.inputs[0]!r}, which is not known")
        return Step((said,))

    def _ruled(self, node: Node, flows: tuple[Flow, ...]) -> Step:
        rule = BY_OP.get(node.op)
        if rule is None:
            raise Crossing("is an operator that there is no rule for")
        turn = self._turned.get(node.index, 0)
        here = Here(
            node,
            flows,
            tuple(self.shapes.get(name) for name in node.inputs),
            self.batches,
            self.model.opset,
            tuple(name in self.model.constants for name in node.inputs),
            self.opened,
            lambda position: self._given(node.inputs[position]),
            lambda position: bounds.below(self.model, self.shapes, node.inputs[position]),
            lambda axis: self._alike.parts(node.inputs[0], axis),
            max(turn, 0),
        )
        special = next((way for way in (weaving, counting, parts) if way.meets(here)), None)
        follow = partial(special.follow, rule) if special else rule.follow
        if special is weaving and turn == _IN_ORDER:
            follow = partial(weaving.unwoven, rule)
        try:
            return follow(here)
        except (IndexError, OverflowError, TypeError, ValueError) as odd:  # an axis that is a text
            raise Crossing("has other attributes or inputs than its operator") from odd


def _is_whole(shape: Collection[int | None] | None) -> bool:
    """Tell whether all sizes are known."""
    return shape is not None and None not in shape
