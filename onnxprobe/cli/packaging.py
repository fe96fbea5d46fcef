"""Commands that hand a model over to those who serve it: package."""

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import Json

For = Annotated[
    str,
    typer.Option("--for", metavar="TARGET", help="Who takes it: plain, triton, …"),
]


def package(
    fused: Annotated[Path, typer.Argument(metavar="FUSED", help="A fused .onnx file.")],
    *,
    target: For,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The new folder.")],
    json: Json = False,
) -> None:
    """Write a fused model as a folder that a server, or a person, takes as it is."""
    from onnxprobe.package import PACKAGINGS
    from onnxprobe.package import package as package_

    done = package_(fused, PACKAGINGS[target], out)
    for note in done.notes:
        typer.echo(f"onnxprobe: {note}", err=True)
    if json:
        typer.echo(dumps(done.to_json(), indent=2))
        return
    typer.echo(f"{done.folder}: {', '.join(done.files)}")
    for command in done.next:
        typer.echo(f"next: {command}")
