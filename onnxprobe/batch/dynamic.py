"""Make the batch of a model dynamic, where that can be shown to be right."""

from collections.abc import Iterable

import onnx

from onnxprobe.batch.diagnosis import Diagnosis, diagnose, outcome
from onnxprobe.batch.flow import Counting, Partly, Rows, Woven
from onnxprobe.batch.mending import mended
from onnxprobe.graph.inference.trials import BATCH
from onnxprobe.graph.model import Model


def dynamic(model: Model, diagnosis: Diagnosis | None = None) -> Model:
    """Return ``model`` with a batch that can be any size, each picture's answer by itself.

    Nodes that have the batch written into them are mended, declarations that have it become a
    symbol, and nothing else changes. Where such a node lies in a local function, or in an If on a
    constant, these are written out flat.

    Args:
        model: any model that reads pictures, one a row.
        diagnosis: of ``model``, where it is there already.

    Raises:
        BatchError: the answer for one picture would depend on the others, or it cannot be shown
            that it does not; the message names the node.
        GraphError: the graph has a cycle, or its nodes are out of order.
    """
    found = diagnose(model) if diagnosis is None else diagnosis
    for name in model.outputs:
        outcome(found, name)
    new = mended(found)
    symbol = _symbol(model, found)
    graph = new.graph
    for info in (*graph.input, *graph.output, *graph.value_info):
        flow = found.flows.get(info.name)
        flow = flow.rows if isinstance(flow, Partly) else flow
        if isinstance(flow, Rows | Woven | Counting):
            _declare(info, flow, symbol)
    return Model(new)


def _declare(info: onnx.ValueInfoProto, rows: Rows | Woven | Counting, symbol: str) -> None:
    dims = info.type.tensor_type.shape.dim
    if rows.axis < len(dims) and dims[rows.axis].dim_value:
        dims[rows.axis].dim_param = symbol if rows.size(1) == 1 else f"{rows.size(1)}*{symbol}"


def _symbol(model: Model, diagnosis: Diagnosis) -> str:
    """Return the name of the batch: the one it has, else one that no other size has."""
    first = (model.values[name].shape or (None,) for name in diagnosis.inputs)
    named = next((shape[0] for shape in first if isinstance(shape[0], str)), None)
    if named is not None:
        return named
    infos = (*model.proto.graph.input, *model.proto.graph.output, *model.proto.graph.value_info)
    taken = set(_symbols(infos))
    return next(
        name
        for name in ("N", BATCH, *(f"{BATCH}{i}" for i in range(len(taken) + 1)))
        if name not in taken
    )


def _symbols(infos: Iterable[onnx.ValueInfoProto]) -> Iterable[str]:
    for info in infos:
        yield from (dim.dim_param for dim in info.type.tensor_type.shape.dim if dim.dim_param)
