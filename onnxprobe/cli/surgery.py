"""Commands that read and cut graphs: inspect, pick, probe, split, extract, stitch."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import Json, ModelPath, Out, Pooling, Tensor, Weights

AMBIGUOUS = 3
"""Exit code of ``pick`` where several tensors are as good."""


def inspect(model: ModelPath, *, json: Json = False) -> None:
    """List the layers of a model, and which tensor to tap, and why. No weights are read."""
    from onnxprobe.cli.show import show
    from onnxprobe.graph.inspect import Inspection
    from onnxprobe.graph.inspect import inspect as inspect_
    from onnxprobe.graph.load import load
    from onnxprobe.report.layers import inspection

    show(inspect_(load(model), name=str(model)), inspection, Inspection.to_json, json=json)


def pick(model: ModelPath, *, json: Json = False) -> None:
    """Print the last tensor before the network compresses what it knows; exit 3 if ambiguous."""
    from onnxprobe.cli.show import show
    from onnxprobe.graph.inspect import picked
    from onnxprobe.graph.load import load
    from onnxprobe.graph.pick import pick as pick_
    from onnxprobe.measure import measured
    from onnxprobe.probe import unclear
    from onnxprobe.report.surgery import name_alone

    found = pick_(measured(load(model)))
    show(found, name_alone, picked, json=json)
    if found.ambiguous:
        typer.echo(f"onnxprobe: {unclear(found)}", err=True)
        raise typer.Exit(AMBIGUOUS)
    if found.doubt is not None:
        typer.echo(f"onnxprobe: {found.doubt}", err=True)


def probe(
    model: ModelPath,
    out: Out,
    *,
    probes: Annotated[
        list[str] | None,
        typer.Option(
            "--probe", metavar="T:P", help="Tensor and pooling; may be given several times."
        ),
    ] = None,
    tensor: Tensor = None,
    pooling: Pooling = None,
    weights: Weights = "link",
) -> None:
    """Add pooled probes to a model as further outputs."""
    from onnxprobe.cli.taps import taps_of
    from onnxprobe.graph.load import load
    from onnxprobe.graph.save import save
    from onnxprobe.measure import measured
    from onnxprobe.probe import attach
    from onnxprobe.report.surgery import added_line

    backbone = measured(load(model))
    taps = taps_of(backbone, probes or [], tensor, pooling)
    save(attach(backbone, taps), out, outside=weights)
    typer.echo(f"{out}: {added_line(taps)}")


def split(
    model: ModelPath,
    at: Annotated[str, typer.Option("--at", metavar="T", help="Tensor to cut at.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for trunk.onnx and head.onnx."),
    ],
    *,
    weights: Weights = "link",
) -> None:
    """Cut a model in two at one tensor."""
    from onnxprobe.graph.load import load
    from onnxprobe.graph.save import save
    from onnxprobe.graph.split import split as split_
    from onnxprobe.measure import typed

    whole = typed(load(model), (at,))
    halves = split_(whole, at)
    _say_if_flat(at not in whole.names)
    for name, half in halves._asdict().items():
        typer.echo(save(half, out / f"{name}.onnx", outside=weights))


def extract(
    model: ModelPath,
    inputs: Annotated[str, typer.Option("--inputs", metavar="A,B", help="Tensors to begin at.")],
    outputs: Annotated[str, typer.Option("--outputs", metavar="C,D", help="Tensors to end at.")],
    out: Out,
    *,
    weights: Weights = "link",
) -> None:
    """Take a part of a model out as a model of its own."""
    from onnxprobe.graph.extract import extract as extract_
    from onnxprobe.graph.load import load
    from onnxprobe.graph.save import save
    from onnxprobe.measure import typed

    whole = load(model)
    begin, end = (_names(text, whole.names) for text in (inputs, outputs))
    whole = typed(whole, (*begin, *end))
    part = extract_(whole, begin, end)
    _say_if_flat(any(name not in whole.names for name in (*begin, *end)))
    typer.echo(save(part, out, outside=weights))


def stitch(
    backbone: Annotated[
        Path, typer.Argument(metavar="BACKBONE", help="The .onnx file to fuse into.")
    ],
    heads: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]HEAD...", help="Heads from vectors: .onnx, .skops, .joblib or .pkl."
        ),
    ],
    out: Out,
    *,
    probes: Annotated[
        list[str] | None,
        typer.Option(
            "--probe",
            metavar="[NAME=]T:P",
            help="What the heads read, or the head NAME alone; may be given several times.",
        ),
    ] = None,
    tensor: Tensor = None,
    pooling: Pooling = None,
    weights: Weights = "link",
    proven: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Run both files and compare before writing.")
    ] = True,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="R", help="What must load the result, e.g. onnxruntime==1.16."
        ),
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Open pickles, which can run any code they bring.")
    ] = False,
    allow_ml: Annotated[
        bool, typer.Option("--allow-ml", help="Keep ai.onnx.ml operators that have no plain form.")
    ] = False,
    precision: Annotated[
        str,
        typer.Option(
            "--precision", metavar="P", help="What estimators compute in: float32, float64."
        ),
    ] = "float32",
) -> None:
    """Fuse heads into a backbone; the file is written only if the old answers stay to the bit."""
    from onnxprobe.cli.taps import heads_of, read_by
    from onnxprobe.fuse import domains_of, write_fused
    from onnxprobe.graph.load import load
    from onnxprobe.headfiles import Reading, read_parts
    from onnxprobe.measure import measured
    from onnxprobe.report.surgery import proven_line
    from onnxprobe.targets import target as target_

    aim = None if target is None else target_(target)
    model = measured(load(backbone)) if proven or not (tensor or probes) else load(backbone)
    how = Reading(trust=trust, allow_ml=allow_ml, precision=precision)
    named = heads_of(heads)
    taps = read_by(named, model, probes or [], tensor, pooling)
    parts = [
        part
        for name, head in named.items()
        for part in read_parts(head.path, taps[name], like=model, how=how, name=head.name)
    ]
    evidence = write_fused(backbone, parts, out, outside=weights, proven=proven, target=aim)
    typer.echo(f"{out}: {proven_line(evidence, domains_of(parts))}")


def _names(text: str, known: Collection[str]) -> list[str]:
    """Part ``text`` at its commas, but for those that belong to a name."""
    found, pieces = list[str](), text.split(",")
    while pieces:
        longest = range(len(pieces), 1, -1)
        count = next((n for n in longest if ",".join(pieces[:n]) in known), 1)
        found.append(",".join(pieces[:count]))
        del pieces[:count]
    return found


def _say_if_flat(flat: bool) -> None:  # noqa: FBT001
    if flat:
        said = "a tensor lies inside a local function or an If: these are written out flat"
        typer.echo(f"onnxprobe: {said}", err=True)
