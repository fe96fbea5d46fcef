"""Other tensors one may have meant."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from onnxprobe.errors import plural
from onnxprobe.graph.paths.ops import LAYOUT, kind
from onnxprobe.graph.picking.answer import Alternative
from onnxprobe.graph.picking.channels import usually_laid
from onnxprobe.graph.picking.landing import land
from onnxprobe.graph.picking.spine import Spine, trace
from onnxprobe.graph.picking.stepback import step_back
from onnxprobe.graph.picking.wording import written

_SHALLOW: Final = 0.5
"""The pick of a branch that lies in its first half leaves too much behind it."""

_MOST: Final = 6
_SWEPT: Final = 300_000
"""Nodes that may be swept again to find the tips of branches; keeps huge graphs in linear time."""


def vectors_after(spine: Spine, picked: str) -> tuple[Alternative, ...]:
    """Return the vectors between the pick and the answer that a further layer reads."""
    read = (name for node in spine.layers for name in spine.reads(node))
    vectors = (_before_layout(spine, name, picked) for name in read)
    found = _once(vector for vector in vectors if vector is not None)
    return tuple(
        Alternative(vector, spine.shape(vector), _later(spine, vector, picked))
        for vector in islice(found, _MOST)
    )


def readable(spine: Spine, picked: str) -> tuple[Alternative, ...]:
    """Return the last tensor that poolings can read, where they cannot read ``picked``."""
    if spine.batch_axis(picked) is not None or spine.several(picked):
        return ()
    others = (name for name in reversed(spine.tensors) if name != spine.source)
    last = next(
        (name for name in others if spine.structured(name) and usually_laid(spine, name)), None
    )
    if last is None:
        return ()
    why = f"the last that poolings read: a sample takes several rows of {picked!r}"
    return (Alternative(last, spine.shape(last), why),)


def branch_tips(spine: Spine, picked: str) -> tuple[Alternative, ...]:
    """Return the picks of the branches that meet behind an ambiguous pick: scales, streams."""
    found: dict[str, Alternative] = {}
    budget = max(2, _SWEPT // max(1, len(spine.live.reads)))
    todo, seen = deque(spine.live.outputs), set(spine.members)
    while todo and budget > 0 and len(found) < _MOST:
        for operand in _operands(spine, todo.popleft()):
            if operand in seen or budget <= 0:
                continue
            seen.add(operand)
            budget -= 1
            branch = trace(spine.model, (operand,), spine.source)
            tip = _tip(branch)
            if tip is None:
                todo.append(operand)
            elif tip not in {picked, *found}:
                found[tip] = Alternative(tip, branch.shape(tip), _branch(spine, operand))
    return tuple(islice(found.values(), _MOST))


def _once(names: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def _before_layout(spine: Spine, name: str, picked: str) -> str | None:
    if name not in spine.members or spine.structured(name):
        return None
    while (node := spine.producer(name)) is not None and kind(node) in LAYOUT:
        name = spine.reads(node)[0]
    after = name in spine.members and spine.depths[name] >= spine.depths[picked]
    usable = after and spine.probeable(name)
    return name if usable and name not in {picked, spine.source} else None


def _later(spine: Spine, vector: str, picked: str) -> str:
    size, layers = spine.elements(vector), spine.depths[vector] - spine.depths[picked]
    what = "a vector" if size is None else f"a vector of {size}"
    if not layers:
        return f"{what}: the pick pooled, with no place left in it"
    return f"{what}, {plural(layers, 'weighted layer')} nearer to the answer"


def _operands(spine: Spine, name: str) -> Iterator[str]:
    """Yield what meets in the nearest node behind ``name`` that joins several tensors."""
    node = spine.producer(name)
    while node is not None:
        reads = spine.reads(node)
        if len(reads) > 1:
            yield from reads
            return
        node = spine.producer(reads[0])


def _tip(branch: Spine) -> str | None:
    landing = land(branch)
    if landing is None or landing.role == "output":  # a branch always ends somewhere
        return None
    steps = step_back(branch, landing)
    tensor = steps[-1].tensor if steps else landing.tensor
    deep = tensor != branch.source and branch.depth(tensor) >= _SHALLOW
    return tensor if deep else None


def _branch(spine: Spine, operand: str) -> str:
    readers = [node for node in spine.model.readers.get(operand, ()) if node in spine.live.reads]
    into = f" into {written(readers[0])}" if readers else ""
    return f"the tip of the branch that leads{into}"
