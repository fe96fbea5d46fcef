"""Commands about stores of embeddings: store, export."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import Json

StorePath = Annotated[
    Path, typer.Argument(metavar="STORE", help="What onnxprobe embed wrote, an .h5 file.")
]


def store(
    path: StorePath,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every shard with its checksum.")
    ] = False,
    channels: Annotated[
        bool,
        typer.Option("--channels", help="What the vectors are like, and which pictures are twice."),
    ] = False,
    similarity: Annotated[
        float,
        typer.Option("--similarity", metavar="S", help="From which cosine on they are alike."),
    ] = 0.98,
    json: Json = False,
) -> None:
    """Say what is in a store: what it was made of, what became of the pictures, is it whole."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.report.channels import gathered_text
    from onnxprobe.report.stores import contents_text
    from onnxprobe.store import Store
    from onnxprobe.store.contents import contents
    from onnxprobe.store.gathered import gathered

    with bars() as progress:
        found = contents(path, verify=verify, progress=progress)
    inside = gathered(Store.open(path), similarity=similarity) if channels else ()
    show(
        found,
        lambda whole: contents_text(whole) + gathered_text(inside),
        lambda whole: whole.to_json() | {"channels": [one.to_json() for one in inside]},
        json=json,
    )
    if found.damaged:
        raise typer.Exit(1)


def export(
    path: StorePath,
    *,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help="npy, parquet or single-hdf5.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT", help="A new file; for npy a folder.")
    ],
) -> None:
    """Write a store in another form."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.store import Store
    from onnxprobe.store.exports import export as export_

    opened = Store.open(path)
    with bars() as progress:
        export_(opened, to, out, progress=progress)
    typer.echo(f"{out}: {opened.pictures:,} pictures, {len(opened):,} with vectors")
