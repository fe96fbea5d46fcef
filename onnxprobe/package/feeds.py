"""One request to a model, of zeros: for warm-ups, signatures and examples."""

from collections.abc import Sequence
from typing import Any

from onnxprobe.graph.value import Value
from onnxprobe.package.delivery import Delivery


def request(of: Delivery) -> dict[str, tuple[int, ...]] | None:
    """Return a shape for each input, of batch 1; ``None`` where nobody knows a size."""
    shapes = {value.name: closed(of, sizes(value)) for value in of.inputs}
    open_ = any(size < 0 for shape in shapes.values() for size in shape)
    return None if open_ or any(value.shape is None for value in of.inputs) else shapes


def sizes(value: Value) -> tuple[int, ...]:
    """Return a shape with -1 for what is open."""
    return tuple(size if isinstance(size, int) else -1 for size in value.shape or ())


def closed(of: Delivery, shape: Sequence[int]) -> tuple[int, ...]:
    """Fill open sizes in: those of a picture from the end, and 1 for the batch."""
    whole = (1, *_picture(of))
    if len(shape) > len(whole) or not any(size < 0 for size in shape):
        return tuple(shape)
    own = whole[len(whole) - len(shape) :]
    return tuple(known if size < 0 else size for size, known in zip(shape, own, strict=True))


def zeros(shape: Sequence[int], dtype: str | None) -> Any:
    """Return nested lists of zeros, as JSON has a tensor."""
    if not shape:
        return False if dtype == "bool" else 0.0 if str(dtype).startswith("float") else 0
    return [zeros(shape[1:], dtype) for _ in range(shape[0])]


def _picture(of: Delivery) -> tuple[int, ...]:
    if of.preprocess is None:
        return ()
    count = 1 if of.preprocess["channels"] == "gray" else 3
    height, width = of.preprocess["size"]
    return (count, height, width) if of.preprocess["layout"] == "nchw" else (height, width, count)
