"""ONNX GraphSurgeon's graphs, in and out; weights stay on disk until they are looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model
from onnxprobe.interop._carry import carried
from onnxprobe.interop._libraries import asked, missing

if TYPE_CHECKING:
    import onnx_graphsurgeon as gs

_NAME: Final = "GraphSurgeon"


def to_graph(model: Model) -> "gs.Graph":
    """Return ``model`` as a GraphSurgeon graph.

    Raises:
        MissingExtraError: onnx-graphsurgeon is not installed.
        InteropError: GraphSurgeon does not read the model.
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
        InteropError: GraphSurgeon does not write the graph.
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
    gs = _library()
    with asked(_NAME, "read this model"):
        graph = gs.import_onnx(copy)
        for constant in _constants(graph):
            values = constant._values  # noqa: SLF001  the only way to it
            if isinstance(values, _lazy()) and weights.entries(_tensor(values)):
                constant._values = _on_disk()(values)  # noqa: SLF001
    return graph


def _exported(graph: "gs.Graph") -> onnx.ModelProto:
    gs = _library()
    with asked(_NAME, "write this graph"), _as_tensors(graph):
        model: onnx.ModelProto = gs.export_onnx(graph, do_type_check=False)
    if graph.ir_version is None:
        model.ir_version = onnx.helper.find_min_ir_version_for(list(model.opset_import))
    for tensor in every_tensor(model):
        if not weights.entries(tensor):
            tensor.ClearField("data_location")  # values that were read and changed are here
    return model


@contextmanager
def _as_tensors(graph: "gs.Graph") -> Iterator[None]:
    """Hold constants as ONNX's own tensors meanwhile, which GraphSurgeon writes as they are.

    Weights on disk stay there, and numbers of which several share a byte, or of types that
    GraphSurgeon takes for one another, are written as ONNX does.
    """
    held = [(constant, constant._values) for constant in _constants(graph)]  # noqa: SLF001
    try:
        for constant, values in held:
            tensor = _written(constant, values)
            if tensor is not None:
                constant._values = _lazy()(tensor)  # noqa: SLF001
        yield
    finally:
        for constant, values in held:
            constant._values = values  # noqa: SLF001


def _written(constant: Any, values: Any) -> onnx.TensorProto | None:
    """Return the values of a constant as a tensor, or ``None`` where they are to be converted."""
    if isinstance(values, _on_disk()):
        copy = onnx.TensorProto()
        copy.CopyFrom(values.reference)
        return copy
    if isinstance(values, np.ndarray) and constant.export_dtype == constant.dtype:
        return onnx.numpy_helper.from_array(values, constant.name)
    return None


def _constants(graph: "gs.Graph") -> Iterator[Any]:
    gs = _library()
    for part in (graph, *graph.subgraphs(recursive=True), *graph.functions):
        yield from (t for t in part.tensors().values() if isinstance(t, gs.Constant))
        for node in part.nodes:
            yield from (value for value in node.attrs.values() if isinstance(value, gs.Constant))


def _tensor(values: Any) -> onnx.TensorProto:
    tensor = values.tensor
    return tensor if isinstance(tensor, onnx.TensorProto) else onnx.TensorProto()  # it is sparse


@cache
def _on_disk() -> Any:
    class OnDisk(_lazy()):  # type: ignore[misc]  # the package has no types
        """Values that are read from where onnxprobe knows them to be, when they are asked for."""

        def __init__(self, values: Any) -> None:
            self.reference = values.tensor
            self.shape, self.dtype, self.nbytes = values.shape, values.dtype, values.nbytes

        @property
        def tensor(self) -> onnx.TensorProto:
            """The whole tensor, for what GraphSurgeon writes itself, e.g. to fold constants."""
            return weights.loaded(self.reference)

        def load(self) -> Any:
            return weights.read(self.reference).copy()

    return OnDisk


def _lazy() -> Any:
    from onnx_graphsurgeon.ir.tensor import LazyValues  # noqa: PLC0415  only who uses it has it

    return LazyValues


def _library() -> Any:
    try:
        import onnx_graphsurgeon  # noqa: PLC0415  only who uses it has it
    except ImportError:
        raise missing("a GraphSurgeon graph", "onnx-graphsurgeon") from None
    return onnx_graphsurgeon
