"""onnx-ir's models, in and out; weights stay on disk until they are looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import onnx

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import text_of
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model
from onnxprobe.interop._carry import carried, entries, missing

if TYPE_CHECKING:
    import onnx_ir as ir

_ORIGIN: Final = "onnxprobe.origin"


def to_graph(model: Model) -> "ir.Model":
    """Return ``model`` as an onnx-ir model; its graph is ``.graph``.

    Raises:
        MissingExtraError: onnx-ir is not installed.
        MissingWeightsError: a file that holds weights is not there.
    """
    made = _library().from_proto(_plain(model.proto))
    made.meta[_ORIGIN] = model
    return made  # type: ignore[no-any-return]


def from_graph(graph: "ir.Model", like: Model | None = None) -> Model:
    """Return an onnx-ir model as a model.

    Args:
        graph: any model; one that ``to_graph`` made gets back what onnx-ir leaves out.
        like: the model that it was made from, where ``to_graph`` did not make it.

    Raises:
        MissingExtraError: onnx-ir is not installed.
    """
    ir = _library()
    now: onnx.ModelProto = ir.to_proto(graph)
    origin = like if like is not None else graph.meta.get(_ORIGIN)
    if origin is not None:
        untouched = ir.to_proto(ir.from_proto(_plain(origin.proto)))
        now = carried(now, untouched, origin.proto)
    folders = {tensor.name: tensor.base_dir for tensor in _external(graph)}
    for tensor in every_tensor(now):
        _found_again(tensor, folders)
    return Model(now)


def _plain(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose weights on disk are said to be where they are, in ONNX's own terms."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for tensor in every_tensor(copy):
        place = weights.stored(tensor)
        if place is None:
            continue
        if not weights.is_plain(tensor, place.field):
            tensor.CopyFrom(onnx.numpy_helper.from_array(weights.read(tensor), tensor.name))
            continue
        said = {"location": place.path, "offset": place.offset, "length": place.length}
        del tensor.external_data[:]
        tensor.external_data.extend(entries(said))
    return copy


def _found_again(tensor: onnx.TensorProto, folders: dict[str | None, Any]) -> None:
    """Say of a weight on disk where that is, if only onnx-ir knows."""
    said = weights.entries(tensor)
    if not said or weights.FIELD in said or weights.FOLDER in said:
        return
    path = Path(folders.get(tensor.name) or ".", said["location"]).resolve()
    del tensor.external_data[:]
    folder = text_of(path.parent)
    found = {"location": path.name, weights.FOLDER: folder, weights.HOME: folder}
    found |= {key: said[key] for key in ("offset", "length") if key in said}
    tensor.external_data.extend(entries(found))


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
