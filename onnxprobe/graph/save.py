"""Write a model: whole or not at all, its weights copied by the kernel or left where they are."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from onnxprobe.atomic import replacing
from onnxprobe.graph.disk import wire
from onnxprobe.graph.disk.copying import reserve
from onnxprobe.graph.disk.outside import available
from onnxprobe.graph.disk.spill import spilled
from onnxprobe.graph.model import Model


def _warn(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=4)


def save(
    model: Model,
    path: str | Path,
    *,
    outside: str = "link",
    check: Callable[[Path], None] = lambda _: None,
    say: Callable[[str], None] = _warn,
) -> Path:
    """Write ``model`` to ``path`` and return it.

    Weights that lie inside an ``.onnx`` file are copied into the new one, unless it would pass
    2 GB, which no reader of ONNX takes: they go to ``<path>.data`` beside it then. A file of
    weights beside the model is made available beside the new one, under the same name.

    Args:
        model: what to write.
        path: the new file; folders above it are made.
        outside: what becomes of a file of weights beside the model: ``"link"`` (no bytes are
            copied: blocks are shared where the file system can, else it is a hard link),
            ``"copy"``, or ``"reference"`` (it must be in that folder already).
        check: called with the finished temporary file; what it raises keeps the file from being
            written.
        say: called with a sentence when weights that were inside have to go beside the model, and
            when a file of weights is linked, which some readers refuse. By default it is a warning.

    Raises:
        NotOnnxError, MissingWeightsError: a weight is not where it is said to be, or its file has
            changed.
        StitchError: another file of that name is in the way, or a link cannot be made there.
    """
    path = Path(path)
    with (
        available(model.proto, path, outside, say) as proto,
        _pieces(proto, path, say) as pieces,
        replacing(path) as temporary,
    ):
        with temporary.open("wb") as file:
            reserve(file, wire.length(pieces))
            wire.write(pieces, file)
        check(temporary)
    return path


@contextmanager
def _pieces(
    proto: onnx.ModelProto, path: Path, say: Callable[[str], None]
) -> Iterator[list[wire.Piece]]:
    """Yield what is to be written; what had to be written beside it goes if the block raises."""
    pieces = wire.fitting(proto)
    if pieces is not None:
        yield pieces
        return
    data = path.with_name(f"{path.name}.data")
    short = spilled(proto, data)
    try:
        say(
            f"{str(path)!r} would be longer than {wire.LIMIT:,} bytes, which is the most that readers "
            f"of ONNX take: its weights are in {data.name!r} beside it"
        )
        yield wire.pieces(short)
    except BaseException:
        data.unlink(missing_ok=True)
        raise
