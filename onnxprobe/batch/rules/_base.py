"""What a rule sees of a node, and what it answers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch.counts import repeats
from onnxprobe.batch.flow import FIXED, Crossing, Fixed, Flow, Numbers, Rows, plain
from onnxprobe.graph.model import Node

Shape = tuple[int, ...]
_BITS: Final = 16
"""How many times its smallest step the sum of a float may differ with the order of what is added."""


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Repair: the constant that a node reads at ``position``, or could read, becomes ``values``."""

    position: int
    values: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """Repair: an attribute of a node becomes ``value``."""

    name: str
    value: int | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Repair: what a node reads at ``position`` is repeated for each picture.

    Attributes:
        position: which input.
        axis: along which the pictures lie.
        rank: how many axes it has.
        first: how many rows are for one picture, where the same rows are there for several; else 0.
    """

    position: int
    axis: int
    rank: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Repair: entry ``index`` of the shape at ``position`` becomes ``times`` x batch, when run."""

    position: int
    index: int
    times: int


@dataclass(frozen=True, slots=True)
class Reshaped:
    """Repair: what a node reads at ``position`` is cut into ``shape`` first."""

    position: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Multiplied:
    """Repair: the numbers at ``position`` are ``each`` x batch, when run."""

    position: int
    each: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stepped:
    """Repair: the places that a node reads at ``position`` are those of each picture, one after the other.

    Attributes:
        position: which input.
        axis: along which the pictures lie.
        first: the places of the first picture, in the type that the node reads.
        step: how far those of the next picture are on; broadcast to ``first``.
    """

    position: int
    axis: int
    first: NDArray[np.integer[Any]]
    step: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shifted:
    """Repair: the places that a node reads at ``position``, computed, are those in each picture's own rows.

    Attributes:
        position: which input.
        axis: along which the pictures lie.
        shape: of the places of one picture.
        within: how many rows of one picture there are to count, for each number of a place.
        step: how far the places of the next picture are on.
    """

    position: int
    axis: int
    shape: Shape
    within: Shape
    step: Shape


@dataclass(frozen=True, slots=True)
class Unset:
    """Repair: an attribute of a node is left out."""

    name: str


@dataclass(frozen=True, slots=True)
class Unwoven:
    """Repair: blocks of pictures at ``position`` are put in order, one picture after the other.

    Attributes:
        position: which input.
        axis: along which the blocks lie.
        blocks: how many there are.
        shape: what one picture alone has at ``position``.
    """

    position: int
    axis: int
    blocks: int
    shape: Shape


Repair = (
    Values
    | Setting
    | Unset
    | Repeated
    | Counted
    | Multiplied
    | Reshaped
    | Stepped
    | Shifted
    | Unwoven
)


@dataclass(frozen=True, slots=True)
class Found:
    """A repair, and what it is for.

    Attributes:
        wrote: how the node hard-codes the batch; goes on after the node's label.
        becomes: what stands there afterwards.
        repair: the change.
    """

    wrote: str
    becomes: str
    repair: Repair


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule says of a node.

    Attributes:
        flows: of the outputs; the last one stands for all that follow.
        found: the places where the node hard-codes the batch.
        shape: of the first output at the written batch, where the rule worked it out.
        ways: how many there are in which the pictures may lie in what comes out.
    """

    flows: tuple[Flow, ...]
    found: tuple[Found, ...] = ()
    shape: Shape | None = None
    ways: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Here:
    """One node, and what flows into it.

    Attributes:
        node: the operation.
        flows: of each input; an input that is left out is fixed.
        shapes: of each input at the written batch; ``None`` where unknown.
        batches: the batch sizes that are tried; the first is the one written in the file.
        opset: version of the default operator set.
        written: for each input, whether it is a constant of the file.
        open: whether the model leaves other sizes open, which are tried at one value only.
        value: what an input holds that is the same for all; ``None`` where that is not known.
        below: what an input of whole numbers is below, and not below 0; ``None`` where not known.
        parts: another axis of the first input, and the places along it where all rows along the
            given axis are the same; ``None`` where there are none.
        turn: which of the ways in which the pictures may lie in what comes out is taken.
    """

    node: Node
    flows: tuple[Flow, ...]
    shapes: tuple[tuple[int | None, ...] | None, ...]
    batches: tuple[int, ...]
    opset: int
    written: tuple[bool, ...]
    open: bool = False
    value: Callable[[int], NDArray[Any] | None] = lambda _position: None
    below: Callable[[int], int | None] = lambda _position: None
    parts: Callable[[int], tuple[int, frozenset[int]] | None] = lambda _axis: None
    turn: int = 0

    def has(self, position: int) -> bool:
        """Tell whether the node reads anything at ``position``."""
        return position < len(self.node.inputs) and bool(self.node.inputs[position])

    def rows(self, position: int) -> Rows | None:
        """Return how the pictures lie in an input; ``None`` if it is the same for all.

        Raises:
            Crossing: it counts the pictures.
        """
        flow = plain(self.flows[position], self.batches) if self.has(position) else FIXED
        return flow if isinstance(flow, Rows) else None

    def alike(self, position: int, rows: Rows) -> bool:
        """Tell whether an input that is the same for all holds the same rows for each picture.

        Where it is computed, rows that are the same may be rounded in other ways.
        """
        array = self.value(position)
        if array is None or repeats(array, rows):
            return array is not None
        return not self.written[position] and _rounded(array, rows)

    def only(self, position: int = 0) -> Rows:
        """Return how the pictures lie in the one input that may differ between them.

        Raises:
            Crossing: another input differs between pictures too, or only sizes do.
        """
        for other, flow in enumerate(self.flows):
            if other != position and isinstance(flow, Rows):
                raise Crossing(f"reads {self.node.inputs[other]!r}, which differs between pictures")
        found = self.rows(position)
        if found is None:
            raise Crossing("computes with how many pictures there are")
        return found

    def shape(self, position: int = 0) -> Shape:
        """Return the shape of an input at the written batch.

        Raises:
            Crossing: it is not known.
        """
        shape = self.shapes[position]
        if shape is None or None in shape:
            raise Crossing(f"reads {self.node.inputs[position]!r}, whose shape is not known")
        return tuple(size for size in shape if size is not None)

    def rank(self, position: int = 0) -> int:
        """Return how many axes an input has.

        Raises:
            Crossing: it is not known.
        """
        shape = self.shapes[position]
        if shape is None:
            raise Crossing(f"reads {self.node.inputs[position]!r}, whose rank is not known")
        return len(shape)

    def numbers(self, position: int) -> tuple[list[int], ...] | None:
        """Return whole numbers at every batch tried; ``None`` where the input is left out.

        Raises:
            Crossing: they follow from what the pictures show.
        """
        if not self.has(position):
            return None
        flow = self.flows[position]
        if not isinstance(flow, Numbers):
            raise Crossing(f"reads {self.node.inputs[position]!r}, which is not known beforehand")
        return tuple([int(n) for n in array.ravel()] for array in flow.trials)

    def axes(self, position: int | None = None, name: str = "axes") -> list[int] | None:
        """Return axes given as an input (at ``position``) or as an attribute, or ``None``."""
        if position is not None and self.has(position):
            said = self.numbers(position)
            return None if said is None else said[0]
        said = self.node.attribute(name)
        return None if said is None else list(said)


def _rounded(array: NDArray[Any], rows: Rows) -> bool:
    """Tell whether ``array`` repeats ``rows.times`` rows, but for the last bits of its largest number."""
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        return False
    along = np.moveaxis(array, rows.axis, 0)
    first = along[np.arange(len(along)) % rows.times]
    slack = _BITS * np.finfo(array.dtype).eps * np.abs(along).max(initial=0)
    return bool(np.abs(along - first).max(initial=0) <= slack)


@dataclass(frozen=True, slots=True)
class Rule:
    """How pictures pass through some operators.

    Attributes:
        name: of the family.
        ops: the operators; those of other domains read ``"domain::Op"``.
        follow: says what comes out; it raises :class:`Crossing` where pictures would mix. It is
            asked only where at least one input holds pictures.
    """

    name: str
    ops: frozenset[str]
    follow: Callable[[Here], Step]


def counted_from_front(axis: int, rank: int) -> int:
    """Return ``axis`` counted from the front; negative axes count from the back."""
    return axis + rank if axis < 0 else axis


def product(sizes: Sequence[int]) -> int:
    """Return how many elements sizes make together."""
    return math.prod(sizes)


def apart(rows: Rows, axes: Sequence[int], rank: int, doing: str) -> Rows:
    """Return ``rows`` if none of ``axes`` is the axis of the pictures.

    Raises:
        Crossing: one of them is; ``doing`` says what would mix them.
    """
    if rows.axis in (counted_from_front(axis, rank) for axis in axes):
        raise Crossing(f"{doing} axis {rows.axis}, where the pictures of a batch lie")
    return rows


def agreed(found: Sequence[Rows]) -> Rows:
    """Return how the pictures lie in a result, if all that goes into it says the same.

    Raises:
        Crossing: they lie along different axes.
    """
    if len(set(found)) > 1:
        raise Crossing("brings tensors together whose pictures lie along different axes")
    return found[0]


def growing(said: Sequence[Sequence[int]]) -> list[int]:
    """Return which of some sizes are not the same for every batch tried."""
    return [i for i, sizes in enumerate(zip(*said, strict=True)) if len(set(sizes)) > 1]


def is_fixed(flow: Flow) -> bool:
    """Tell whether a tensor is the same for all pictures and batch sizes."""
    return isinstance(flow, Fixed) or (isinstance(flow, Numbers) and flow.same)
