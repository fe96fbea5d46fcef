"""A pattern of file names: ``photos/*/front-*.jpg``, ``shards/{000..127}.tar``."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place, is_url
from onnxprobe.images.sources._base import Kind, Source
from onnxprobe.images.sources._containers import gathered

_WILD: Final = re.compile(r"[*\[]|\?(?![^/]*=)")
"""``*``, ``[``, and a ``?`` that does not begin the query of a URL."""
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"(\d+)\.\.(\d+)")


def is_pattern(text: str) -> bool:
    """Whether ``text`` looks like a pattern."""
    return bool(_WILD.search(text) or _BRACES.search(text))


def expanded(pattern: str) -> Iterator[str]:
    """Yield the patterns that braces stand for, as a shell does.

    >>> list(expanded("{08..10}-{a,b}.tar"))[:3]
    ['08-a.tar', '08-b.tar', '09-a.tar']
    """
    found = _BRACES.search(pattern)
    if found is None:
        yield pattern
        return
    for choice in _choices(found[1]):
        yield from expanded(pattern[: found.start()] + choice + pattern[found.end() :])


def _choices(inside: str) -> list[str]:
    ends = _RANGE.fullmatch(inside)
    if ends is None:
        return inside.split(",")
    width = len(ends[1])
    return [f"{number:0{width}d}" for number in range(int(ends[1]), int(ends[2]) + 1)]


def _open(place: Place, part: str) -> Source:
    folder, pattern = _split(place.given)
    root = place.elsewhere(folder)
    found: dict[str, None] = {}
    for one in expanded(pattern):
        if is_pattern(one):
            found |= dict.fromkeys(sorted(root.matching(one)))
        else:
            _require_file(root, one, place)
            found[one] = None
    if not found:
        raise PicturesError(f"no file fits the pattern {str(place.path)!r}")
    return gathered(GLOB.name, root, list(found), part)


def _require_file(root: Place, name: str, place: Place) -> None:
    """Check what braces name; whether it is a folder is asked for names without an ending alone."""
    file = root.at(name)
    if not file.exists():
        raise PicturesError(f"{str(place.path)!r} names {name!r}, which is not there")
    if not PurePath(name).suffix and file.is_folder():
        raise PicturesError(
            f"{str(place.path)!r} names the folder {name!r}; what is in it is '{place.path}/**/*'"
        )


def _split(text: str) -> tuple[str, str]:
    """Split into the folder that every match is in, and the rest."""
    wild = min(found.start() for found in (_WILD.search(text), _BRACES.search(text)) if found)
    cut = text.rfind("/", 0, wild) + 1
    return text[:cut] or ".", text[cut:]


def _matches(place: Place, _head: bytes) -> bool:
    return is_pattern(place.given) and (is_url(place.given) or not place.exists())


GLOB = Kind("glob", _matches, _open, part="a part of the archives that fit")
