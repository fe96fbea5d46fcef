"""What kinds of values settings have, and whether a value is of one."""

import math
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from onnxprobe.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number may be.

    Attributes:
        least: the smallest.
        above: what all are above.
        most: the largest.
    """

    least: float = -math.inf
    above: float = -math.inf
    most: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most and value > self.above

    def __str__(self) -> str:
        """Say it, as the end of a sentence.

        >>> str(Bounds(least=1)), str(Bounds(least=0, most=1)), str(Bounds(above=0, most=1))
        ('of 1 or more', 'from 0 to 1', 'above 0 and up to 1')
        """
        most = f"{self.most:.10g}"
        if self.above > -math.inf:
            return f"above {self.above:g}" + ("" if self.most == math.inf else f" and up to {most}")
        least = f"{self.least:g}"
        return f"of {least} or more" if self.most == math.inf else f"from {least} to {most}"


Count: TypeAlias = Annotated[int, Bounds(least=1)]
"""How many there are of something that has to be there."""
Folds: TypeAlias = Annotated[int, Bounds(least=2, most=100)]
"""Parts, each of which is judged by what was learnt from the others."""
Rounds: TypeAlias = Annotated[int, Bounds(least=1, most=1000)]
"""Times that something is done again."""
Seed: TypeAlias = Annotated[int, Bounds(least=0, most=2**32 - 1)]
"""Of random numbers; NumPy's old generator takes no larger one."""
Share: TypeAlias = Annotated[float, Bounds(least=0, most=1)]
"""A part of a whole."""
Positive: TypeAlias = Annotated[float, Bounds(above=0)]
"""A number that something is divided by."""
Amount: TypeAlias = Annotated[float, Bounds(least=0)]
"""A number that may be nothing."""

_CALLED: Final = {
    float: "a number",
    int: "a whole number",
    str: "a name",
    bool: "true or false",
    type(None): "null",
}


def fitted(name: str, value: Any, kind: Any) -> Any:
    """Return ``value`` as the setting ``name`` holds it, which is of ``kind``.

    Raises:
        RecipeError: it is of another kind, or beyond what it may be.
    """
    for member in _members(kind):
        found = _as(value, member)
        if found:
            return found[0]
    raise RecipeError(f"{name} is {_said(kind)}, not {value!r}")


def _as(value: Any, kind: Any) -> Sequence[Any]:
    """Return ``value`` as ``kind`` holds it, alone in a list; an empty one where it is none."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return [one for one in _as(value, arguments[0]) if one in arguments[1]]
    if origin is Literal:
        return [value] if value in arguments else []
    if origin is tuple:
        return _all(value, arguments[0]) if isinstance(value, list | tuple) else []
    if isinstance(value, bool) and kind is not bool:
        return []
    if kind is float and isinstance(value, int | float):
        return [float(value)] if _finite(value) else []
    return [value] if isinstance(value, kind) else []


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number with more digits than there are
        return False


def _all(values: Sequence[Any], kind: Any) -> Sequence[Any]:
    found = [next((own for m in _members(kind) if (own := _as(v, m))), []) for v in values]
    return [tuple(own[0] for own in found)] if all(found) else []


def _members(kind: Any) -> tuple[Any, ...]:
    """Return what ``kind`` may be, whole numbers before others."""
    if get_origin(kind) not in {Union, types.UnionType}:
        return (kind,)
    return tuple(sorted(get_args(kind), key=lambda member: member is float))


def _said(kind: Any) -> str:
    """Say what ``kind`` is.

    >>> _said(Count), _said(tuple[float, ...]), _said(Share | None)
    ('a whole number of 1 or more', 'a list [..] of a number each', 'a number from 0 to 1 or null')
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return f"{_said(arguments[0])} {arguments[1]}"
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin is tuple:
        return f"a list [..] of {_said(arguments[0])} each"
    if origin in {Union, types.UnionType}:
        return " or ".join(map(_said, arguments))
    return _CALLED.get(kind, getattr(kind, "__name__", str(kind)))
