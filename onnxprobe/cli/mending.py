"""Commands that mend models: heads, unstitch, batch, repair."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, ModelPath, Out, Weights

Fused = Annotated[
    Path, typer.Argument(metavar="FUSED", help="An .onnx file that heads were fused into.")
]
Proven = Annotated[
    bool, typer.Option("--proof/--no-proof", help="Run both files and compare before writing.")
]

_AILMENTS = (
    "imports, unimported, locations, order, spatial, roi, forms, surplus, whole-numbers, node-names, "
    "weights-twice, inputs-twice, weights-as-inputs, dangling-inputs, unused-weights, block-size, declared-twice, untyped, mistyped, "
    "misshapen; where the file does not load: ir-version, outside, idle-nodes"
)
_ASKED = "functions (write them out flat), value-info (declare inner types and shapes)"


def heads(fused: Fused, *, json: Json = False) -> None:
    """List the heads that were fused into a model: what each reads and returns."""
    from onnxprobe.cli.show import show
    from onnxprobe.graph.load import load
    from onnxprobe.report.mending import heads_table
    from onnxprobe.unfuse import heads as heads_

    found = heads_(load(fused))
    show(found, heads_table, lambda all_: [head.to_json() for head in all_], json=json)


def unstitch(
    fused: Fused,
    out: Out,
    *,
    head: Annotated[
        str | None, typer.Option("--head", metavar="NAME", help="The head; all if left out.")
    ] = None,
    weights: Weights = "link",
    proven: Proven = True,
) -> None:
    """Take heads out of a fused model; without any it is the backbone again, byte for byte."""
    from onnxprobe.report.mending import unfused_line
    from onnxprobe.unfuse import write_unfused

    done = write_unfused(fused, out, head, outside=weights, proven=proven)
    typer.echo(unfused_line(done, out))


def batch(model: ModelPath, out: Out, *, weights: Weights = "link", json: Json = False) -> None:
    """Make a fixed batch dynamic; name the nodes that hard-code it; show that pictures stay apart."""
    from onnxprobe.batch.proving import write_dynamic
    from onnxprobe.report.mending import batch_text

    done = write_dynamic(model, out, outside=weights)
    typer.echo(as_json(done.to_json()) if json else batch_text(done, out))


def repair(
    model: ModelPath,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="The file to write. Without it: say what would be mended; exit 1 if anything would.",
        ),
    ] = None,
    *,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="AILMENT", help=f"Leave this alone: {_AILMENTS}."),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also", metavar="WHAT", help=f"Do this too, where nothing is wrong: {_ASKED}."
        ),
    ] = None,
    weights: Weights = "link",
    proven: Proven = True,
    json: Json = False,
) -> None:
    """Mend a damaged file: say what is wrong, change only that, show that it answers the same."""
    from onnxprobe.repair.proving import diagnosed, write_repaired
    from onnxprobe.report.mending import repair_text

    treat = diagnosed if out is None else partial(write_repaired, out=out, outside=weights)
    done = treat(model, skip=skip or (), also=also or (), proven=proven)
    typer.echo(as_json(done.to_json()) if json else repair_text(done, out))
    if out is None and done.findings:
        raise typer.Exit(1)
