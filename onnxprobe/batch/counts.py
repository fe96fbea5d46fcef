"""Shapes, and what is computed of them, evaluated at every batch size that is tried."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from onnxprobe.batch.flow import Fixed, Flow, Numbers, Rows
from onnxprobe.errors import MissingWeightsError
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.value import dtype_name

_SIZES: Final = 1024
"""Whole numbers of up to so many elements are followed as numbers: shapes, axes, places."""
_SCALES: Final = 16
"""The same for other constants: scales of a Resize, a factor; larger ones are weights."""
_WHOLE: Final = frozenset({"int32", "int64", "bool"})
_LARGEST: Final = 1 << 16
"""Elements up to which a result is held at every batch size tried."""

_FILLING: Final = frozenset({"ConstantOfShape", "Expand", "Tile"})


def constant(model: Model, name: str, batches: Sequence[int]) -> Numbers | Fixed:
    """Return a constant of the file: its numbers if they are few."""
    tensor = model.tensors.get(name)
    if tensor is None and name not in model.producers:
        return Fixed()
    if tensor is not None:
        few = _SIZES if dtype_name(tensor.data_type) in _WHOLE else _SCALES
        if int(np.prod(tensor.dims, dtype=np.int64)) > few:
            return Fixed()
    try:
        return Numbers((model.constant(name),) * len(batches))
    except MissingWeightsError:  # what needs to know it will say so
        return Fixed()


def repeats(array: NDArray[Any], rows: Rows) -> bool:
    """Tell whether ``array`` holds the same ``rows.times`` rows over and over along their axis."""
    along = np.moveaxis(array, rows.axis, 0)
    parts = along.reshape(-1, rows.times, *along.shape[1:])
    return bool((parts == parts[:1]).all())


def shape_of(
    node: Node, rows: Rows, shape: Sequence[int | None], batches: Sequence[int]
) -> Numbers | None:
    """Return what Shape or Size say of a tensor that holds pictures; ``None`` if sizes are unknown."""
    part = slice(node.attribute("start", 0), node.attribute("end"))
    trials = []
    for batch in batches:
        sizes = [rows.times * batch if axis == rows.axis else n for axis, n in enumerate(shape)]
        known = [n for n in sizes[part] if n is not None]
        if len(known) != len(sizes[part]):
            return None
        array = np.array(known, np.int64)
        trials.append(array.prod() if node.op == "Size" else array)
    return Numbers(tuple(map(np.asarray, trials)))


def computed(node: Node, flows: Sequence[Flow], opset: int) -> tuple[Numbers, ...] | None:
    """Return what a node makes of numbers; ``None`` where not all are known, or it cannot be said.

    The operator is run by ONNX's reference implementation, once for each batch size.
    """
    numbers = [flow for flow in flows if isinstance(flow, Numbers)]
    given = [name for name in node.inputs if name]
    if len(numbers) != len(given) or not numbers or node.captures or node.proto.domain:
        return None
    if node.op in _FILLING and _filled(numbers) > _LARGEST:
        return None
    tried = len(numbers[0].trials)
    evaluator = ReferenceEvaluator(node.proto, opsets={"": opset})
    trials = []
    for i in range(1 if all(number.same for number in numbers) else tried):
        feeds = {name: flow.trials[i] for name, flow in zip(given, numbers, strict=True)}
        try:
            results = evaluator.run(None, feeds)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            return None
        if not all(isinstance(r, np.ndarray | np.generic) and r.size <= _LARGEST for r in results):
            return None
        trials.append([np.asarray(result) for result in results])
    columns = list(zip(*(trials * tried if len(trials) == 1 else trials), strict=True))
    return tuple(map(Numbers, columns))


def _filled(numbers: Sequence[Numbers]) -> float:
    """Return how large a result may become whose size is said by the last of ``numbers``."""
    said = [array.astype(np.float64) for array in numbers[-1].trials]
    return float(max(array.prod() for array in said) * numbers[0].trials[-1].size)
