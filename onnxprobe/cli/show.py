"""One place decides between something for people and JSON for programs."""

import os
from collections.abc import Callable
from json import JSONEncoder
from typing import Any, Final, TypeVar

import typer

T = TypeVar("T")

_UNBOUNDED: Final = 100_000
"""A width that no line has."""
_PLAIN: Final = (str, int, float, bool, type(None))
_written: Final = JSONEncoder().encode


def show(thing: T, drawn: Callable[[T], Any], plain: Callable[[T], Any], *, json: bool) -> None:
    """Print ``thing``: ``plain`` gives what JSON holds, ``drawn`` what rich shows, or text as it is."""
    if json:
        typer.echo(as_json(plain(thing)))
        return
    drawing = drawn(thing)
    if isinstance(drawing, str):
        typer.echo(drawing)
        return
    _printed(drawing)


def _printed(drawing: Any) -> None:
    """Draw as wide as the terminal; into a file or a pipe as wide as it takes, so that no name is cut."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNBOUNDED
    console.print(drawing)


def as_json(thing: Any, indent: str = "\n") -> str:
    """Return ``thing`` as JSON, on a line of its own whatever nests no further than lists of numbers.

    A network has a hundred thousand layers: a line for each can be read, and is written fast.

    >>> print(as_json({"layers": [{"index": 0, "shape": [3]}, {"index": 1}], "pick": None}))
    {
      "layers": [
        {"index": 0, "shape": [3]},
        {"index": 1}
      ],
      "pick": null
    }
    """
    inner = indent + "  "
    if isinstance(thing, dict) and thing and (indent == "\n" or not _is_flat(thing.values())):
        lines = [f"{_key(key)}: {as_json(item, inner)}" for key, item in thing.items()]
        return "".join(("{", inner, f",{inner}".join(lines), indent, "}"))
    if isinstance(thing, list | tuple) and any(isinstance(item, dict) for item in thing):
        return "".join(
            ("[", inner, f",{inner}".join([as_json(i, inner) for i in thing]), indent, "]")
        )
    return _written(thing)


def _key(key: Any) -> str:
    return _written(key if isinstance(key, str) else _written(key))


def _is_flat(items: Any) -> bool:
    return all(
        isinstance(item, _PLAIN) or (isinstance(item, list | tuple) and not any(map(_nests, item)))
        for item in items
    )


def _nests(item: Any) -> bool:
    return isinstance(item, dict | list | tuple)
