"""Parts of tensors that are the same in every row, such as class tokens in front of those of pictures."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch.flow import Flow, equal
from onnxprobe.batch.rules._base import is_fixed
from onnxprobe.batch.rules.each import ADD, BROADCAST, EACH
from onnxprobe.batch.rules.growing import CONCAT, EXPAND
from onnxprobe.graph.model import Model, Node

_BY_ELEMENT: Final = EACH.ops | BROADCAST.ops | ADD.ops

Parts = tuple[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Alike:
    """Looks behind tensors for parts that are the same in every row along an axis.

    Attributes:
        model: any model.
        shapes: of its tensors at one batch size, as far as known.
        flows: what each tensor holds.
        value: what a tensor holds that is the same for all; ``None`` where that is not known.
    """

    model: Model
    shapes: Mapping[str, tuple[int | None, ...] | None]
    flows: Mapping[str, Flow]
    value: Callable[[str], NDArray[Any] | None]

    def parts(self, name: str, axis: int) -> Parts | None:
        """Return another axis of ``name``, and the places along it where all rows along ``axis`` are the same.

        They were joined to others, and what was joined is then worked on element by element only.
        ``None`` where there are no such parts.
        """
        rank = self._rank(name)
        while rank and (node := self.model.producers.get(name)) is not None:
            if node.op in CONCAT.ops:
                return self._joined(node, axis, node.attribute("axis", 1) % rank)
            others = [read for read in node.reads if not self._repeats(read, axis - rank)]
            if node.op not in _BY_ELEMENT or len(others) != 1 or self._rank(others[0]) != rank:
                return None
            (name,) = others
        return None

    def _joined(self, concat: Node, axis: int, along: int) -> Parts | None:
        places = frozenset(self._places(concat, axis, along))
        return (along, places) if places and along != axis else None

    def _places(self, concat: Node, axis: int, along: int) -> Iterator[int]:
        start = 0
        for name in concat.inputs:
            shape = self.shapes.get(name)
            if shape is None or (size := shape[along]) is None:
                return
            if self._repeats(name, axis - len(shape)):
                yield from range(start, start + size)
            start += size

    def _repeats(self, name: str, axis: int) -> bool:
        """Tell whether each row of ``name`` along ``axis``, counted from the back, is the same for all."""
        node = self.model.producers.get(name)
        if not is_fixed(self.flows[name]):
            return node is not None and node.op in EXPAND.ops and self._is_one(node.inputs[0], axis)
        array = self.value(name)
        if array is None or -axis > array.ndim:
            return array is not None
        return equal(array, np.broadcast_to(array.take([0], axis), array.shape))

    def _is_one(self, name: str, axis: int) -> bool:
        """Tell whether ``name`` is the same for all, and has one row along ``axis`` if any."""
        shape = self.shapes.get(name)
        one = shape is not None and (-axis > len(shape) or shape[axis] == 1)
        return one and is_fixed(self.flows[name])

    def _rank(self, name: str) -> int:
        return len(self.shapes.get(name) or ())
