"""One place decides between something for people and JSON for programs."""

import json as json_
from collections.abc import Callable
from typing import Any, TypeVar

import typer

T = TypeVar("T")


def show(thing: T, drawn: Callable[[T], Any], plain: Callable[[T], Any], *, json: bool) -> None:
    """Print ``thing``: ``drawn`` gives what rich shows, ``plain`` what JSON holds."""
    if json:
        typer.echo(json_.dumps(plain(thing), indent=2))
        return
    from rich.console import Console

    Console().print(drawn(thing))
