"""One tensor of a graph: what is known of it without running anything."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
from onnx import helper

Dim = int | str | None
"""A size, a symbol such as ``"batch"``, or unknown."""


@dataclass(slots=True, unsafe_hash=True)  # never changed; not frozen, for the same reason as Node
class Value:
    """One tensor of the graph: an edge, in graph terms.

    >>> str(Value("block", "float32", ("N", 4, 8, 8)))
    'block float32[N×4×8×8]'

    Attributes:
        name: unique within the model.
        dtype: numpy name, e.g. ``"float32"``; ``None`` if inference could not tell, or if it is
            not a tensor (a sequence, a map).
        shape: one ``Dim`` per axis; ``None`` if even the rank is unknown.
    """

    name: str
    dtype: str | None
    shape: tuple[Dim, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name} {self.dtype or '?'}[?]"
        dims = "×".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name} {self.dtype or '?'}[{dims}]"

    @classmethod
    def of(cls, info: onnx.ValueInfoProto) -> "Value":
        """Read a declaration of the file."""
        tensor = info.type.tensor_type
        if info.type.WhichOneof("value") != "tensor_type":
            return cls(info.name, None, None)
        dtype = dtype_name(tensor.elem_type)
        if not tensor.HasField("shape"):
            return cls(info.name, dtype, None)
        dims = tuple(
            d.dim_param or (d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None)
            for d in tensor.shape.dim
        )
        return cls(info.name, dtype, dims)

    def info(self) -> onnx.ValueInfoProto:
        """Write the declaration; an unknown type is declared as such."""
        if self.dtype is None:
            return onnx.ValueInfoProto(name=self.name)
        return helper.make_tensor_value_info(self.name, element_type(self.dtype), self.shape)


def values_of(
    infos: Iterable[onnx.ValueInfoProto], of: Callable[[onnx.ValueInfoProto], Value] = Value.of
) -> Iterator[Value]:
    """Read declarations with ``of``, each type once: a network has few."""
    types: dict[bytes, Value] = {}
    for info in infos:
        key = info.type.SerializeToString()
        if key not in types:
            types[key] = of(info)
        yield Value(info.name, types[key].dtype, types[key].shape)


@cache
def dtype_name(element: int) -> str | None:
    """Name an ONNX element type as numpy does: ``1`` is ``"float32"``."""
    if element == onnx.TensorProto.UNDEFINED or element not in onnx.TensorProto.DataType.values():
        return None
    if element == onnx.TensorProto.STRING:
        return "str"
    return str(np.dtype(helper.tensor_dtype_to_np_dtype(element)))


def element_type(dtype: str) -> int:
    """Return the ONNX element type of a numpy name: ``"float32"`` is ``1``."""
    if dtype == "str":
        return int(onnx.TensorProto.STRING)
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
