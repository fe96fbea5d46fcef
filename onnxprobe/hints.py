"""Metadata that other tools read: names of classes, and what a picture's numbers mean.

- ``names``: ``{0: 'cat', 1: 'dog'}``, as Ultralytics writes it, for the first head that has classes
- ``Image.BitmapPixelFormat``, ``Image.NominalPixelRange``, ``Image.ColorSpaceGamma``: ONNX's own
  keys (docs/MetadataProps.md), where one of their few values says it

What a file says already stays. What was added is noted, so that it can be taken away again.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T", list[Any], dict[str, Any])

HEADS: Final = "onnxprobe.heads"
PREPROCESS: Final = "onnxprobe.preprocess"
ADDED: Final = "onnxprobe.hints"
"""Metadata of a fused model: which of these keys were added to it."""
NAMES: Final = "names"
_IMAGE: Final = "Image."
_FORMATS: Final = {"rgb": "Rgb8", "bgr": "Bgr8", "gray": "Gray8"}
_RANGES: Final = {
    (0.0, 1.0): "NominalRange_0_255",
    (0.0, 255.0): "Normalized_0_1",
    (127.5, 127.5): "Normalized_1_1",
}
"""Mean and standard deviation in pixel units to the range that pixels then have."""


def hints(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be added to the metadata of a fused model, with the note of it.

    >>> hints({HEADS: '[{"prefix": "pet", "classes": ["cat", "dog"]}]'})["names"]
    "{0: 'cat', 1: 'dog'}"
    """
    before = _read(metadata, ADDED, list)
    new = {key: text for key, text in _all(metadata).items() if key not in metadata}
    keys = list(dict.fromkeys((*before, *new)))
    return {**new, ADDED: json.dumps(keys)} if keys else {}


def without_hints(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return ``metadata`` without what was added, and without the note of it."""
    added = {ADDED, *_read(metadata, ADDED, list)}
    return {key: text for key, text in metadata.items() if key not in added}


def _all(metadata: Mapping[str, str]) -> dict[str, str]:
    heads = _read(metadata, HEADS, list)
    named = next((head["classes"] for head in heads if head.get("classes")), ())
    found = {NAMES: _names(named)} if named else {}
    how = _read(metadata, PREPROCESS, dict)
    if how and not any(key.startswith(_IMAGE) for key in metadata):
        found |= _pictures(how)
    return found


def _read(metadata: Mapping[str, str], key: str, kind: type[T]) -> T:
    """Return what ``key`` holds as JSON; nothing where the file has something else there."""
    try:
        said = json.loads(metadata.get(key, "null"))
    except ValueError:
        said = None
    return said if isinstance(said, kind) else kind()


def _names(classes: Sequence[str]) -> str:
    return str(dict(enumerate(map(str, classes))))


def _pictures(how: Mapping[str, Any]) -> dict[str, str]:
    said = {
        "BitmapPixelFormat": _FORMATS.get(how.get("channels", "rgb")),
        "NominalPixelRange": _range(how),
        "ColorSpaceGamma": "SRGB",
    }
    return {f"{_IMAGE}{key}": text for key, text in said.items() if text is not None}


def _range(how: Mapping[str, Any]) -> str | None:
    """Return the name of the range; ``None`` where channels differ, or ONNX has no name for it."""
    mean, std = (_one(how.get(key)) for key in ("mean", "std"))
    return None if mean is None or std is None else _RANGES.get((mean, std))


def _one(said: Any) -> float | None:
    numbers = {float(n) for n in (said if isinstance(said, list | tuple) else [said])}
    return numbers.pop() if len(numbers) == 1 else None
