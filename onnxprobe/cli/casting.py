"""The command that writes a model in another precision: cast."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, ModelPath, Out, PreprocessFile, Timeout, Weights


def cast(
    model: ModelPath,
    out: Out,
    *,
    precision: Annotated[
        str, typer.Option("--precision", metavar="P", help="What it is to compute in: fp16.")
    ] = "fp16",
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="T",
            min=0.0,
            help="How far an output may be, as a share of its largest value.  [0.02]",
        ),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="FILE.npz", help="Compare on these arrays too."),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option("--images", metavar="IMAGES", help="Compare on 64 of these pictures too."),
    ] = None,
    preprocess: PreprocessFile = None,
    timeout: Timeout = None,
    weights: Weights = "link",
    json: Json = False,
) -> None:
    """Write a model that computes in half precision and is called as before.

    Inputs and outputs keep their names and types. It is written only if every output stays near
    enough to what it was; how near is said, and kept in the file.
    """
    from onnxprobe.cli.giving import given
    from onnxprobe.precision import PRECISIONS
    from onnxprobe.precision.writing import write_cast
    from onnxprobe.report.casting import recast_text

    done = write_cast(
        model,
        out,
        precision=PRECISIONS[precision],
        tolerance=tolerance,
        given=given(model, inputs, images, preprocess, timeout),
        outside=weights,
    )
    typer.echo(as_json(done.to_json()) if json else recast_text(done, out))
