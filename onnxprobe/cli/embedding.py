"""The command that puts the preparation of pictures into a model: embed-preprocess."""

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, ModelPath, Out, PreprocessFile, Weights


def embed_preprocess(
    model: ModelPath,
    out: Out,
    *,
    preprocess: PreprocessFile = None,
    weights: Weights = "link",
    json: Json = False,
) -> None:
    """Write another file that takes raw pixels of any size, and prepares them itself.

    The model stays as it is, and so does what its callers send. The new file takes uint8 RGB
    N×H×W×3: it scales, crops and normalises in standard nodes as the preprocessing says, which the
    model tells or --preprocess.
    """
    from onnxprobe.cli.reading import preprocess_of
    from onnxprobe.graph.load import load
    from onnxprobe.images import preprocess_for
    from onnxprobe.pixels import write_from_pixels
    from onnxprobe.report.pixels import from_pixels_text

    how, origin = preprocess_for(load(model), preprocess_of(preprocess))
    done = write_from_pixels(model, out, preprocess=how, outside=weights)
    typer.echo(as_json(done.to_json()) if json else from_pixels_text(done, out, origin))
