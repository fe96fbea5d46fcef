"""One place decides between something for people and JSON for programs."""

import json as json_
from collections.abc import Callable
from typing import Any, TypeVar

import typer

T = TypeVar("T")


def show(thing: T, drawn: Callable[[T], Any], plain: Callable[[T], Any], *, json: bool) -> None:
    """Print ``thing``: ``plain`` gives what JSON holds, ``drawn`` what rich shows, or text as it is."""
    if json:
        typer.echo(json_.dumps(plain(thing), indent=2))
        return
    drawing = drawn(thing)
    if isinstance(drawing, str):
        typer.echo(drawing)
        return
    from rich.console import Console

    Console().print(drawing)
