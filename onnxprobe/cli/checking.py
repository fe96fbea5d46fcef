"""The command that compares two models: check."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, PreprocessFile, Timeout


def check(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The file callers know.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The file that is to replace it.")],
    *,
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="FILE.npz", help="Run both on these arrays too."),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option("--images", metavar="IMAGES", help="Run both on 64 of these pictures too."),
    ] = None,
    preprocess: PreprocessFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Compare two models: exit 0 if NEW keeps what OLD promises, 1 if not, or if they cannot be read.

    Inputs, old outputs, opsets, IR version, metadata, nodes and weights must be as they were, and
    the old outputs the same to the bit on random numbers, and on what is given.
    """
    from onnxprobe.cli.giving import given
    from onnxprobe.report.differences import verdict_text
    from onnxprobe.verdict import verdict

    found = verdict(old, new, given(old, inputs, images, preprocess, timeout))
    typer.echo(as_json(found.to_json()) if json else verdict_text(found))
    if not found.kept:
        raise typer.Exit(1)
