"""Results of steps that outlive the process: a flat dataclass to one ``.npz`` and back."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar
from zipfile import BadZipFile

import numpy as np

from onnxprobe.atomic import replacing

T = TypeVar("T")
_PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value, and the key of everything it depends on.

    Attributes:
        value: what a step returned.
        key: hex digest of the step, its settings and the keys of its inputs.
    """

    value: T
    key: str


def write(result: Any, path: Path) -> None:
    """Write a dataclass of arrays and JSON values to ``path``.

    Raises:
        TypeError: a field is neither.
    """
    arrays, plain = {}, {}
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = value
        else:
            plain[field.name] = value
    text = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_PLAIN: text}, **arrays)


def read(kind: type[T], path: Path) -> T | None:
    """Read what :func:`write` wrote; ``None`` where there is nothing, or nothing that is whole.

    Lists come back as tuples, as frozen dataclasses hold them.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            plain = json.loads(file[_PLAIN].tobytes())
            arrays = {name: file[name] for name in file.files if name != _PLAIN}
        return kind(**{name: _tupled(value) for name, value in plain.items()}, **arrays)
    except (FileNotFoundError, BadZipFile, EOFError, KeyError, TypeError, ValueError):
        return None  # done again: a result is only ever kept to save time


def _tupled(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tupled, value))
    return value
