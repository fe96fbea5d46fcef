"""onnx-ir's models, in and out; weights stay on disk until they are looked at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import text_of
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model
from onnxprobe.interop._carry import carried
from onnxprobe.interop._libraries import asked, missing

if TYPE_CHECKING:
    import onnx_ir as ir

_ORIGIN: Final = "onnxprobe.origin"
_NAME: Final = "onnx-ir"


def to_graph(model: Model) -> "ir.Model":
    """Return ``model`` as an onnx-ir model; its graph is ``.graph``.

    Weights on disk are its external tensors, wherever they lie: write it with ``from_graph`` and
    ``save``, or give ``onnx_ir.save`` a file for them (``external_data=``).

    Raises:
        MissingExtraError: onnx-ir is not installed.
        InteropError: onnx-ir does not read the model.
        MissingWeightsError: a file that holds weights is not there.
    """
    made = _read(model.proto)
    made.meta[_ORIGIN] = model
    return made


def from_graph(graph: "ir.Model", like: Model | None = None) -> Model:
    """Return an onnx-ir model as a model.

    Args:
        graph: any model; one that ``to_graph`` made gets back what onnx-ir leaves out.
        like: the model that it was made from, where ``to_graph`` did not make it.

    Raises:
        MissingExtraError: onnx-ir is not installed.
        InteropError: onnx-ir does not write the model.
    """
    now = _written(graph)
    origin = like if like is not None else graph.meta.get(_ORIGIN)
    if origin is not None:
        now = carried(now, _written(_read(origin.proto)), origin.proto)
    folders = {tensor.name: tensor.base_dir for tensor in _external(graph)}
    for tensor in every_tensor(now):
        _found_again(tensor, folders)
    return Model(now)


def _read(proto: onnx.ModelProto) -> "ir.Model":
    library, plain = _library(), _plain(proto)
    with asked(_NAME, "read this model"):
        model: ir.Model = library.from_proto(plain)
    return model


def _written(model: "ir.Model") -> onnx.ModelProto:
    library = _library()
    with asked(_NAME, "write this model"):
        proto: onnx.ModelProto = library.to_proto(model)
    return proto


def _plain(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose weights on disk are said to be where they are, in ONNX's own terms."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for tensor in every_tensor(copy):
        place = weights.stored(tensor)
        if place is None:
            continue
        if not weights.is_plain(tensor, place.field):
            tensor.CopyFrom(weights.loaded(tensor))
            continue
        said = {"location": place.path, "offset": place.offset, "length": place.length}
        _say(tensor, said)
    return copy


def _found_again(tensor: onnx.TensorProto, folders: dict[str | None, Any]) -> None:
    """Say of a weight on disk where that is, if only onnx-ir knows."""
    said = weights.entries(tensor)
    if not said or weights.FIELD in said or weights.FOLDER in said:
        return
    path = Path(folders.get(tensor.name) or ".", said["location"]).resolve()
    found = {key: said[key] for key in ("offset", "length") if key in said}
    where = dict.fromkeys(weights.WHERE, text_of(path.parent))
    _say(tensor, {"location": path.name} | found | where)


def _say(tensor: onnx.TensorProto, said: Mapping[str, object]) -> None:
    del tensor.external_data[:]
    for key, value in said.items():
        tensor.external_data.add(key=key, value=str(value))


def _external(model: "ir.Model") -> Iterator[Any]:
    ir = _library()
    for graph in model.graphs():
        values = (value.const_value for value in graph.initializers.values())
        yield from (tensor for tensor in values if isinstance(tensor, ir.ExternalTensor))


def _library() -> Any:
    try:
        import onnx_ir  # noqa: PLC0415  only who uses it has it
    except ImportError:
        raise missing("an onnx-ir model", "onnx-ir") from None
    return onnx_ir
