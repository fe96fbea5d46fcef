"""What a user gives to run models on, from the options that say it."""

from pathlib import Path
from typing import Any

import typer


def given(
    model_path: Path,
    inputs: Path | None,
    images: str | None,
    preprocess: str | None,
    timeout: float | None,
) -> list[Any]:
    """Return the runs of ``--inputs`` and ``--images`` for the model at ``model_path``.

    Raises:
        RunError, PicturesError: they cannot be read, or do not fit the model.
    """
    from onnxprobe.given import arrays, pictures
    from onnxprobe.graph.load import load

    if inputs is None and images is None:
        return []
    model = load(model_path)
    runs = list(arrays(inputs, model)) if inputs is not None else []
    if images is None:
        return runs
    from onnxprobe.cli.reading import patience, preprocess_of
    from onnxprobe.images import open_source, preprocess_for

    prepared, origin = preprocess_for(model, preprocess_of(preprocess))
    typer.echo(f"preprocessing of the pictures: {origin}", err=True)
    source = open_source(images, patience=patience(timeout))
    return runs + list(pictures(source, model, prepared))
