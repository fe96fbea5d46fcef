"""Commands for what a run has found: domains, describe, select, compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, RunFolder

if TYPE_CHECKING:
    from onnxprobe.progress import Progress


def domains(
    run: RunFolder,
    action: Annotated[
        str | None,
        typer.Argument(
            metavar="[EDIT]",
            help="rename, merge, split, drop, keep, undo or apply; lists them if left out.",
        ),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOMAIN]…", help="Domains, each by its name or its id."),
    ] = None,
    *,
    called: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="What is new is called; once for each part."),
    ] = None,
    into: Annotated[
        int | None, typer.Option("--into", metavar="N", help="Parts that a domain is split into.")
    ] = None,
    json: Json = False,
) -> None:
    """List the domains of a run, or change them: heads are trained again, fused and proven.

    rename DOMAIN NAME · merge DOMAIN DOMAIN… [--as NAME] · split DOMAIN [--into N] [--as NAME]… ·
    drop DOMAIN… · keep DOMAIN… · undo · apply (what domains.yaml says, after an edit by hand)
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.recipe.editing import Domains, edit
    from onnxprobe.report.domains import domains_table

    if action is None:
        show(Domains.read(run).folder.run, domains_table, lambda f: f["domains"], json=json)
        return
    with bars() as progress:
        edit(run, action, words or (), called=called or (), into=into, progress=progress)
        facts = told_again(run, progress=progress)
    show(facts, domains_table, lambda f: f["domains"], json=json)


def describe(
    run: RunFolder,
    *,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Columns of yours; one names the pictures."),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="N", min=1, help="Pictures that are compared, at most.  [20000]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what marks each domain: size, brightness, blur, camera, folder, your labels, channels."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.report.marks import marks_table

    with bars() as progress:
        facts = told_again(run, labels=labels, sample=sample, progress=progress)
    show(facts, marks_table, lambda f: f["domains"], json=json)


def select(
    run: RunFolder,
    way: Annotated[
        str, typer.Argument(metavar="[WAY]", help="all, balanced, diverse, nearest or uncertain.")
    ] = "all",
    *,
    inside: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="DOMAIN", help="Only pictures in it; may be said again."),
    ] = None,
    outside: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="DOMAIN", help="No picture in it; may be said again."),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", help="How many pictures, at most.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option("--like", metavar="PICTURE", help="A name in the run, or a file."),
    ] = None,
    view: Annotated[
        str,
        typer.Option(
            "--view", metavar="PROBE", help="Where pictures are compared.  [that of the pick]"
        ),
    ] = "",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of what is drawn.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="LIST", help="The list: .txt, .csv or .json."),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="DIR", help="A new folder to copy the pictures to."),
    ] = None,
    json: Json = False,
) -> None:
    """Choose pictures for work on training sets, as a list that embed and run-recipe read.

    all: as they come · balanced: as many of each domain · diverse: that stand for all (k-centre) ·
    nearest: most like --like · uncertain: of which the head is least sure
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.errors import plural
    from onnxprobe.images import open_source
    from onnxprobe.images.names import printable
    from onnxprobe.select import copied, written
    from onnxprobe.select import select as select_

    with bars() as progress:
        listed = select_(
            run,
            way,
            inside=inside or (),
            outside=outside or (),
            count=count,
            like=like,
            view=view,
            seed=seed,
            progress=progress,
        )
        if pictures is not None:
            listed = copied(listed, open_source(listed.images), pictures, progress=progress)
    if out is not None:
        written(listed, out)
    if json:
        typer.echo(as_json(listed.to_json()))
    elif out is None and pictures is None:
        typer.echo("\n".join(map(printable, listed.lines)))
    places = " and ".join(str(place) for place in (out, pictures) if place is not None)
    typer.echo(f"onnxprobe: {plural(len(listed), 'picture')} {places}".rstrip(), err=True)
    if out is not None and out.suffix == ".txt" and not listed.files:
        typer.echo(
            f"onnxprobe: these are names in {listed.images!r}, not files; for files say "
            "--pictures DIR",
            err=True,
        )


def compare(
    run: RunFolder,
    other: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of another run.")],
    *,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="N", min=1, help="Pictures whose vectors are compared.  [5000]"
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page as well.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare two runs on the same pictures: models, layers, poolings or settings.

    How alike their views are (CKA, shared neighbours), how far their domains agree (AMI), and which
    domains are the same, split, merged, or in one run alone.
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.compare import Comparison
    from onnxprobe.compare import compare as compare_
    from onnxprobe.report.comparison import comparison_table
    from onnxprobe.report.html.comparison import write_comparison

    with bars() as progress:
        found = compare_(run, other, sample=sample, progress=progress)
    if html is not None:
        write_comparison(found, html)
    show(found, comparison_table, Comparison.to_json, json=json)


def told_again(
    run: Path,
    *,
    labels: Path | None = None,
    sample: int | None = None,
    progress: "Progress",
) -> dict[str, Any]:
    """Say anew what marks the domains, and write the report; return what ``run.json`` says."""
    from onnxprobe.describe import describe as describe_
    from onnxprobe.errors import PicturesError
    from onnxprobe.images import open_source
    from onnxprobe.recipe.running import earlier
    from onnxprobe.report.html import write_report

    started = earlier(run)
    try:
        source = open_source(started.images) if started else None
    except PicturesError as error:
        source = None
        typer.echo(f"onnxprobe: the report shows no pictures: {error}", err=True)
    facts = describe_(run, source, labels=labels, sample=sample, progress=progress)
    write_report(run, source, progress=progress)
    return facts
