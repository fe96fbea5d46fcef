"""How far apart the elements of two constants are, without holding more than a piece of each."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.ranges import chunks


def apart(a: onnx.TensorProto, b: onnx.TensorProto) -> float | None:
    """Return the largest absolute difference between two constants, a MiB of each at a time.

    It is not a number where one holds a number and the other none. ``None`` where the question
    has no answer: the types or shapes differ, or the elements are no numbers.

    Raises:
        MissingWeightsError: a file that holds weights is gone, or too short.
        NotOnnxError: the bytes are not what a tensor declares.
    """
    if (a.data_type, tuple(a.dims)) != (b.data_type, tuple(b.dims)):
        return None
    if a.data_type == onnx.TensorProto.STRING:
        return None
    worst = [_apart(x, y) for x, y in zip(_pieces(a), _pieces(b), strict=True)]
    return float(np.max(worst, initial=0.0))


def _pieces(tensor: onnx.TensorProto) -> Iterator[NDArray[Any]]:
    """Yield the elements, plain ones as they come from disk, others all at once."""
    place = weights.stored(tensor)
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    if place is None or not weights.is_plain(tensor, place.field) or dtype.kind not in "biuf":
        whole = weights.read(tensor).ravel()
        yield from np.split(whole, range(_STEP, whole.size, _STEP))
        return
    rest = np.empty(0, dtype)
    for chunk in chunks(place):
        rest = np.concatenate([rest, np.frombuffer(chunk, dtype)])
        while rest.size >= _STEP:
            yield rest[:_STEP]
            rest = rest[_STEP:]
    if rest.size:
        yield rest


_STEP = 1 << 17
"""Elements compared at a time: at least one piece of a file holds as many."""


def _apart(x: NDArray[Any], y: NDArray[Any]) -> float:
    a, b = x.astype(np.float64), y.astype(np.float64)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        return float(np.where(equal, 0, np.abs(a - b)).max(initial=0))
