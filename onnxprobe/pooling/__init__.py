"""Poolings by name. To add one: write ``<name>.py`` beside this file, list it here."""

from typing import Final

from onnxprobe.errors import PoolingError
from onnxprobe.graph.value import Value
from onnxprobe.pooling._base import Array, Pooling, Shape, spatial
from onnxprobe.pooling.center import CENTER
from onnxprobe.pooling.cls import CLS
from onnxprobe.pooling.flatten import FLATTEN
from onnxprobe.pooling.gem import GEM
from onnxprobe.pooling.max import MAX
from onnxprobe.pooling.mean import MEAN
from onnxprobe.pooling.std import STD
from onnxprobe.pooling.token_mean import TOKEN_MEAN
from onnxprobe.pooling.token_std import TOKEN_STD
from onnxprobe.registry import Registry

POOLINGS: Final = Registry(
    "pooling", [MEAN, STD, MAX, GEM, CENTER, FLATTEN, CLS, TOKEN_MEAN, TOKEN_STD]
)
_OF_LAST: Final = {MEAN.name: TOKEN_MEAN.name, STD.name: TOKEN_STD.name}
"""What poolings of maps are called where the channels lie on the last axis."""


__all__ = ["POOLINGS", "Array", "Pooling", "Shape", "fitting", "over_places", "spatial", "usual"]


def fitting(value: Value, shape: Shape | None, name: str) -> Pooling:
    """Return the pooling called ``name`` if it can read ``value``, of per-sample ``shape``.

    Raises:
        NoSuchNameError: no pooling has that name.
        PoolingError: the shape is unknown, or one that this pooling cannot read.
    """
    pooling = POOLINGS[name]
    if shape is None:
        rows = "a sample takes several of its rows, and which ones does not follow from the graph"
        why = rows if value.shape else "its shape is not known"
        raise PoolingError(f"{name} pooling cannot read {value}: {why}")
    if not _reads(pooling, shape):
        fits = ", ".join(p.name for p in POOLINGS.values() if _reads(p, shape)) or "none"
        raise PoolingError(
            f"{name} pooling reads {pooling.reads}, but {value} is not; what fits: {fits}"
        )
    return pooling


def usual(shape: Shape | None, channels: int = -1) -> str:
    """Name the pooling to use where nobody says: the mean over space, over time, or over tokens.

    Args:
        shape: of one sample.
        channels: the axis that holds them, counted from 0; -1 where they lie as usual, first in a
            map and last in tokens.
    """
    if shape is None:
        return MEAN.name
    if len(shape) == 1:
        return FLATTEN.name
    if channels < 0:
        channels = 0 if len(shape) > 2 else 1  # noqa: PLR2004  (channels, height, width)
    return over_places(MEAN.name, shape, channels)


def over_places(name: str, shape: Shape, channels: int) -> str:
    """Name the pooling that does over all places what that called ``name`` does over those of a map.

    Args:
        name: a pooling.
        shape: of one sample.
        channels: the axis that holds them, counted from 0.

    >>> over_places("std", (197, 768), 1)
    'token-std'
    """
    last = channels == len(shape) - 1 and isinstance(shape[-1], int)
    return _OF_LAST.get(name, name) if last else name


def _reads(pooling: Pooling, shape: Shape) -> bool:
    known = all(isinstance(shape[axis], int) for axis in pooling.needs if axis < len(shape))
    return len(shape) in pooling.ranks and known and pooling.width(shape) is not None
