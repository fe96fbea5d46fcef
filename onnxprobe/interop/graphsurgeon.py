"""ONNX GraphSurgeon's graphs, in and out; weights stay on disk until they are looked at."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model
from onnxprobe.interop._carry import carried, missing

if TYPE_CHECKING:
    import onnx_graphsurgeon as gs


def to_graph(model: Model) -> "gs.Graph":
    """Return ``model`` as a GraphSurgeon graph.

    Raises:
        MissingExtraError: onnx-graphsurgeon is not installed.
    """
    graph = _imported(model)
    graph.import_domains = _Imports(graph.import_domains, model)
    return graph


def from_graph(graph: "gs.Graph", like: Model | None = None) -> Model:
    """Return a GraphSurgeon graph as a model.

    Args:
        graph: any graph; one that ``to_graph`` made, or a copy of it, gets back what
            GraphSurgeon drops.
        like: the model that the graph was made from, where ``to_graph`` did not make it.

    Raises:
        MissingExtraError: onnx-graphsurgeon is not installed.
    """
    now = _exported(graph)
    origin = like if like is not None else getattr(graph.import_domains, "origin", None)
    if origin is None:
        return Model(now)
    untouched = _exported(_imported(origin))
    for field in ("producer_name", "producer_version"):
        if not getattr(now, field):  # a copy of a graph does not have them
            setattr(now, field, getattr(untouched, field))
    return Model(carried(now, untouched, origin.proto))


class _Imports(list[onnx.OperatorSetIdProto]):
    """The operator sets of a graph, and the model it came from.

    GraphSurgeon hands this list on when it copies a graph, and nothing else that could hold it.
    """

    def __init__(self, imports: Any, origin: Model) -> None:
        super().__init__(imports)
        self.origin = origin


def _imported(model: Model) -> "gs.Graph":
    copy = onnx.ModelProto()
    copy.CopyFrom(model.proto)  # GraphSurgeon writes into the tensors that it is given
    graph = _library().import_onnx(copy)
    on_disk = _on_disk()
    for constant in _constants(graph):
        tensor = getattr(constant._values, "tensor", None)  # noqa: SLF001  the only way to it
        if isinstance(tensor, onnx.TensorProto) and weights.entries(tensor):
            constant._values = on_disk(tensor)  # noqa: SLF001
    return graph


def _exported(graph: "gs.Graph") -> onnx.ModelProto:
    gs = _library()
    model: onnx.ModelProto = gs.export_onnx(graph, do_type_check=False)
    if graph.ir_version is None:
        model.ir_version = onnx.helper.find_min_ir_version_for(list(model.opset_import))
    for tensor in every_tensor(model):
        if not weights.entries(tensor):
            tensor.ClearField("data_location")  # values that were read and changed are here
    return model


def _constants(graph: "gs.Graph") -> Iterator[Any]:
    gs = _library()
    for part in (graph, *graph.subgraphs(recursive=True), *graph.functions):
        yield from (t for t in part.tensors().values() if isinstance(t, gs.Constant))
        for node in part.nodes:
            yield from (value for value in node.attrs.values() if isinstance(value, gs.Constant))


@cache
def _on_disk() -> type:
    from onnx_graphsurgeon.ir.tensor import LazyValues  # noqa: PLC0415  only who uses it has it

    class OnDisk(LazyValues):  # type: ignore[misc]  # the package has no types
        """Values that are read from where onnxprobe knows them to be, when they are asked for."""

        def load(self) -> Any:
            return weights.read(self.tensor).copy()

    return OnDisk


def _library() -> Any:
    try:
        import onnx_graphsurgeon  # noqa: PLC0415  only who uses it has it
    except ImportError:
        raise missing("a GraphSurgeon graph", "onnx-graphsurgeon") from None
    return onnx_graphsurgeon
