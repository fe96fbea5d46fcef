"""A file of a newer IR version than it needs, which older runtimes refuse."""

from typing import Final

from onnx import TensorProto, helper

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import element_type
from onnxprobe.repair._base import Ailment, Names, copied

_FUNCTIONS: Final = 8
"""The IR version from which a file may have local functions."""
_OLDEST: Final = 4
"""The IR version from which a weight need not be an input."""
_TYPES: Final = {
    **dict.fromkeys(("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ"), 9),
    **dict.fromkeys(("UINT4", "INT4"), 10),
    "FLOAT4E2M1": 11,
    "FLOAT8E8M0": 12,
    **dict.fromkeys(("UINT2", "INT2"), 13),
}
"""The IR version that brought a type of numbers."""


def find(model: Model) -> Names:
    """Name the IR version where it is newer than what the file has needs."""
    return (str(model.ir_version),) if model.ir_version > _needed(model) else ()


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  there is one
    """Write the one that is needed; nothing else depends on it."""
    new = copied(model)
    new.ir_version = _needed(model)
    return Model(new, model.known)


def _needed(model: Model) -> int:
    """Return the oldest IR version that has the opsets, types and functions of a file."""
    imports = list(model.proto.opset_import)
    types = {tensor.data_type for tensor in model.proto.graph.initializer}
    types |= {element_type(v.dtype) for v in model.values.values() if v.dtype is not None}
    return max(
        _OLDEST,
        helper.find_min_ir_version_for(imports, ignore_unknown=True) if imports else _OLDEST,
        _FUNCTIONS if model.proto.functions else _OLDEST,
        *(_TYPES.get(TensorProto.DataType.Name(kind), _OLDEST) for kind in types),
    )


IR_VERSION: Final = Ailment(
    "ir-version",
    "an IR version that is newer than the file needs",
    "the one that it needs",
    find,
    mend,
    when="refused",
)
