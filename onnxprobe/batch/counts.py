"""Shapes, and what is computed of them, evaluated at every batch size that is tried."""

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from onnx.checker import ValidationError
from onnx.reference import ReferenceEvaluator

from onnxprobe.batch.flow import Fixed, Flow, Numbers, Rows, Woven, equal
from onnxprobe.errors import MissingWeightsError
from onnxprobe.graph.disk.small import bring, is_small
from onnxprobe.graph.disk.weights import every_tensor
from onnxprobe.graph.model import Model, Node

_LARGEST: Final = 1 << 16
"""Elements up to which a result is held at every batch size tried."""
_NO_ANSWER: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    ValidationError,
)
"""What ONNX's reference implementation raises where it does not run."""
_FILLING: Final = frozenset({"ConstantOfShape", "Expand", "Tile"})


def constant(model: Model, name: str, batches: Sequence[int]) -> Numbers | Fixed:
    """Return a constant of the file: its numbers if they are few."""
    tensor = model.tensors.get(name)
    if tensor is None and name not in model.producers:
        return Fixed()
    if tensor is not None and not is_small(tensor):
        return Fixed()
    try:
        return Numbers((model.constant(name),) * len(batches))
    except MissingWeightsError:  # what needs to know it will say so
        return Fixed()


def repeats(array: NDArray[Any], rows: Rows) -> bool:
    """Tell whether ``array`` holds the same ``rows.times`` rows over and over along their axis."""
    along = np.moveaxis(array, rows.axis, 0)
    return equal(along, along[np.arange(len(along)) % rows.times])


def shape_of(
    node: Node, rows: Rows | Woven, shape: Sequence[int | None], batches: Sequence[int]
) -> Numbers | None:
    """Return what Shape or Size say of a tensor that holds pictures; ``None`` if sizes are unknown."""
    part = slice(node.attribute("start", 0), node.attribute("end"))
    trials = []
    for batch in batches:
        sizes = [rows.size(batch) if axis == rows.axis else n for axis, n in enumerate(shape)]
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
    if any(
        filled(node, arrays) > _LARGEST for arrays in zip(*(n.trials for n in numbers), strict=True)
    ):
        return None
    tried = len(numbers[0].trials)
    trials = []
    for i in range(1 if all(number.same for number in numbers) else tried):
        feeds = {name: flow.trials[i] for name, flow in zip(given, numbers, strict=True)}
        results = run(node, feeds, opset)
        if results is None or any(result.size > _LARGEST for result in results):
            return None
        trials.append(results)
    columns = list(zip(*(trials * tried if len(trials) == 1 else trials), strict=True))
    return tuple(map(Numbers, columns))


def run(
    node: Node, feeds: Mapping[str, NDArray[Any]], opset: int
) -> tuple[NDArray[Any], ...] | None:
    """Return what ONNX's reference implementation of an operator gives; ``None`` if it does not run."""
    if node.op == "GatherElements":
        data, places = (feeds[name] for name in node.inputs)
        return (_elements(data, places, node.attribute("axis", 0)),)
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(_alone(node, opset)).run(None, dict(feeds))
    except _NO_ANSWER:
        return None
    if not all(isinstance(result, np.ndarray | np.generic) for result in results):
        return None
    return tuple(map(np.asarray, results))


def _alone(node: Node, opset: int) -> onnx.ModelProto:
    """Return a node as a model; what its branches read of the graph around it is fed too."""
    reads, writes = (
        [onnx.ValueInfoProto(name=name) for name in names] for names in (node.reads, node.writes)
    )
    graph = helper.make_graph([node.proto], "node", reads, writes)
    bring(every_tensor(graph))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def _elements(data: NDArray[Any], places: NDArray[Any], axis: int) -> NDArray[Any]:
    """Look up elements along ``axis``; the reference fails, or errs, where there are more than 64."""
    own = [slice(None) if i == axis % data.ndim else slice(n) for i, n in enumerate(places.shape)]
    return np.take_along_axis(data[tuple(own)], places, axis)


def filled(node: Node, arrays: Sequence[NDArray[Any]]) -> float:
    """Return how large a result may become whose size the last of ``arrays`` says; else 0."""
    if node.op not in _FILLING or not arrays:
        return 0.0
    said = [float(size) for size in arrays[-1].ravel()]
    if node.op != "Expand":
        return math.prod(said) * arrays[0].size
    pairs = zip_longest(reversed(arrays[0].shape), reversed(said), fillvalue=1)
    return math.prod(max(pair) for pair in pairs)
