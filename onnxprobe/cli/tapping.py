"""The command that measures what tapping a network costs: taps."""

from typing import Annotated

import typer

from onnxprobe.cli.types import Json, ModelPath


def taps(
    model: ModelPath,
    *,
    tensor: Annotated[
        list[str] | None,
        typer.Option("--tensor", "-t", metavar="T", help="Measure this cut; may be repeated."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="How many cuts, where none is named.")
    ] = 12,
    rounds: Annotated[
        int, typer.Option("--rounds", metavar="N", min=2, help="Runs each ratio is taken over.")
    ] = 40,
    json: Json = False,
) -> None:
    """Measure what tapping costs at each cut, before you choose one.

    Whether the old answers stay the same to the bit, which operators ONNX Runtime no longer fuses,
    and how much longer a run takes.
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.graph.load import load
    from onnxprobe.measure import measured
    from onnxprobe.report.taps import taps_table
    from onnxprobe.taps import Taps
    from onnxprobe.taps import taps as taps_

    backbone = measured(load(model))
    with bars() as progress:
        found = taps_(backbone, tensor or (), top=top, rounds=rounds, progress=progress)
    show(found, taps_table, Taps.to_json, json=json)
