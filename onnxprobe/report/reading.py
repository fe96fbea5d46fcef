"""Reading JSON that others wrote: what is absent, or of another kind, is nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def number(value: object) -> float | None:
    """Read a finite number; anything else (absent, null, NaN, text) is None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def mapping(value: object) -> Mapping[str, Any]:
    """Read an object of the JSON; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """Read a list of the JSON; anything else is an empty one."""
    return value if isinstance(value, list | tuple) else ()
