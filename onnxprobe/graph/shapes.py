"""Shapes: the batch, and the shape of one sample."""

from functools import lru_cache

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Dim, Value


def batch_of(model: Model) -> Dim:
    """Return the batch: the first size of the first input that has one."""
    shapes = (model.value(name).shape for name in model.inputs)
    return next((shape[0] for shape in shapes if shape), None)


def sample_shape(model: Model, tensor: str) -> tuple[int | None, ...] | None:
    """Return the shape of one sample of ``tensor``, if one of its axes is the batch.

    ``None`` where the shape is not known, or where a sample takes several rows, as the windows of
    a picture do.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    value = model.value(tensor)
    axis = batch_axis(value, batch_of(model))
    if axis is None or value.shape is None:
        return None
    return tuple(map(_number, (*value.shape[:axis], *value.shape[axis + 1 :])))


def batch_axis(value: Value, batch: Dim) -> int | None:
    """Return the axis of ``value`` that is the batch; ``None`` where none is, or none is known to be.

    It is the first, or may be as far as is known; or the one whose size is called like the batch, or
    is the 1 that a model takes. Another number may be of that size by chance.

    >>> batch_axis(Value("positions", "float32", (50, "N", 2048)), "N")
    1
    """
    shape = value.shape or ()
    if batch_first(value, batch):
        return 0
    told = isinstance(batch, str) or batch == 1
    return shape.index(batch) if told and batch in shape else None


def batch_first(value: Value, batch: Dim) -> bool:
    """Tell whether the first axis of ``value`` is the batch, or may be as far as is known.

    A 1 may be: exporters write the batch they traced with into a Reshape.

    >>> batch_first(Value("positions", "float32", (50, "N", 2048)), "N")
    False
    """
    if not value.shape:
        return False
    first = value.shape[0]
    if first == batch or batch in value.shape:
        return first == batch
    if isinstance(first, int):
        return _written_in(first, batch)
    return _times(first, batch) is None


def per_sample(value: Value, batch: Dim) -> tuple[int | None, ...] | None:
    """Return the shape of ``value`` without the batch; sizes that are not known are ``None``.

    Where a sample takes several rows (the windows of a picture), their number is where they lie.

    >>> per_sample(Value("map", "float32", ("N", 512, 7, 7)), "N")
    (512, 7, 7)
    >>> per_sample(Value("positions", "float32", (50, 1, 2048)), 1)
    (50, 2048)
    >>> per_sample(Value("windows", "float32", ("64*N", 49, 96)), "N")
    (64, 49, 96)
    >>> per_sample(Value("heads", "float32", (1, "4*N", 12)), "N")
    (1, 4, 12)
    """
    return None if value.shape is None else _per_sample(value.shape, batch)


@lru_cache(maxsize=1024)  # a network has few shapes, and many tensors
def _per_sample(shape: tuple[Dim, ...], batch: Dim) -> tuple[int | None, ...]:
    if not shape:
        return ()
    if batch is not None and batch in shape:
        at = shape.index(batch)
        return tuple(map(_number, (*shape[:at], *shape[at + 1 :])))
    rows = [_times(dim, batch) for dim in shape]
    if any(rows):
        return tuple(times or _number(dim) for times, dim in zip(rows, shape, strict=True))
    fixed = isinstance(shape[0], int) and not _written_in(shape[0], batch)
    return tuple(map(_number, shape if fixed else shape[1:]))


def one_sample(value: Value, batch: Dim) -> tuple[int | None, ...] | None:
    """Return all sizes of ``value`` when the model is fed one sample.

    A batch that is written into the file as a number stays as it is.

    >>> one_sample(Value("windows", "float32", ("64*N", 49, 96)), "N")
    (64, 49, 96)
    """
    return None if value.shape is None else _one_sample(value.shape, batch)


@lru_cache(maxsize=1024)
def _one_sample(shape: tuple[Dim, ...], batch: Dim) -> tuple[int | None, ...]:
    if not isinstance(batch, str):
        return tuple(map(_number, shape))
    return tuple(1 if d == batch else _times(d, batch) or _number(d) for d in shape)


def times_batch(dim: Dim, batch: Dim) -> int | None:
    """Return k where an axis of size ``dim`` is k times as long as the batch.

    >>> times_batch("8*N", "N"), times_batch("N", "N"), times_batch(6, 2), times_batch(7, 2)
    (8, 1, 3, None)
    """
    if batch is None:
        return None
    if isinstance(dim, int) and isinstance(batch, int):
        return dim // batch if dim and batch and not dim % batch else None
    return 1 if dim == batch else _times(dim, batch)


def _times(dim: Dim, batch: Dim) -> int | None:
    """Return k where ``dim`` is written ``"k*batch"``."""
    if not isinstance(dim, str) or not isinstance(batch, str):
        return None
    number, star, rest = dim.partition("*")
    return int(number) if star and rest == batch and number.isdecimal() else None


def _written_in(dim: Dim, batch: Dim) -> bool:
    """Tell whether ``dim`` is a batch of 1 in a file that otherwise leaves the batch open."""
    return dim == 1 and not isinstance(batch, int)


def _number(dim: Dim) -> int | None:
    return dim if isinstance(dim, int) else None
