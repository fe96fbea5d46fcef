"""The same model with a number for every open size, so that all shapes follow."""

from collections.abc import Collection, Mapping
from typing import Final

import onnx

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Dim

SIZE: Final = 64
"""What a size that the model leaves open, other than the batch, is set to."""
SINGLE: Final = 1
"""The batch that files have written into them where they declare it open."""


def batched_inputs(model: Model) -> tuple[str, ...]:
    """Return the inputs that hold a picture a row: those whose first size is the batch.

    The batch is the first size of the first input that any node reads; inputs that begin with
    another size, such as thresholds, are the same for all pictures.
    """
    read = [name for name in model.inputs if name in model.readers and model.values[name].shape]
    if not read:
        return ()
    batch = _first(model, read[0])
    return tuple(name for name in read if _first(model, name) == batch)


def written_batch(model: Model, inputs: Collection[str]) -> int:
    """Return the batch that the file declares, or has written into it if it declares none."""
    firsts = (_first(model, name) for name in inputs)
    return next((size for size in firsts if isinstance(size, int) and size > 0), SINGLE)


def pinned(model: Model, batches: Mapping[str, int]) -> tuple[Model, bool]:
    """Return ``model`` with fixed input sizes, and whether others than the batch had been open.

    Args:
        model: any model.
        batches: the batch to set, for each input that has one.
    """
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    del new.graph.value_info[:]
    opened = False
    for info in new.graph.input:
        for axis, dim in enumerate(info.type.tensor_type.shape.dim):
            if axis == 0 and info.name in batches:
                dim.dim_value = batches[info.name]
            elif dim.dim_value <= 0:
                dim.dim_value = SIZE
                opened = True
    for info in new.graph.output:
        info.type.tensor_type.ClearField("shape")
    return Model(new), opened


def _first(model: Model, name: str) -> Dim:
    shape = model.values[name].shape
    return shape[0] if shape else None
