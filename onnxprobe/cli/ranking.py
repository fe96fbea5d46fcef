"""The command that measures which tensor to tap: rank."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import Batch, Images, Json, ModelPath, PreprocessFile, Threads, Timeout


def rank(
    model: ModelPath,
    images: Images,
    *,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Labels of pictures, with a header."),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            "--columns", metavar="PATH,LABEL", help="The two columns of --labels that count."
        ),
    ] = "path,label",
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="How many tensors to compare.")
    ] = 6,
    sample: Annotated[
        str, typer.Option("--sample", metavar="S", help="A share such as 0.02, or a count.")
    ] = "300",
    preprocess: PreprocessFile = None,
    batch: Batch = None,
    threads: Threads = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Score tensors and poolings on pictures, so that which one to tap is measured.

    Which is best depends on the task (Bordes et al. 2022, arXiv:2206.13378). Agreement: how often
    a picture that is flipped, cropped a little and lit anew has its own original as nearest
    neighbour; it needs no labels, and shows what tells pictures apart, not what they mean.
    Accuracy, with --labels: how often a picture's label is that of most of its nearest others;
    where it is known, it decides the order.
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.reading import pair_of, patience, preprocess_of, sample_of
    from onnxprobe.cli.show import show
    from onnxprobe.graph.load import load
    from onnxprobe.images import open_source, preprocess_for
    from onnxprobe.measure import measured
    from onnxprobe.rank import Ranking, read_labels
    from onnxprobe.rank import rank as rank_
    from onnxprobe.report.ranking import ranking_table

    backbone = measured(load(model))
    known = None if labels is None else read_labels(labels, columns=pair_of(columns))
    prepared, _ = preprocess_for(backbone, preprocess_of(preprocess))
    with bars() as progress:
        found = rank_(
            backbone,
            open_source(images, patience=patience(timeout)),
            preprocess=prepared,
            labels=known,
            top=top,
            sample=sample_of(sample),
            batch=batch,
            threads=threads,
            progress=progress,
        )
    show(found, ranking_table, Ranking.to_json, json=json)
