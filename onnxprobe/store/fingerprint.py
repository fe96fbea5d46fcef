"""What a model is, in one short text: two models with the same answer the same."""

import os
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from onnxprobe.graph.disk import weights, wire
from onnxprobe.graph.disk.ranges import Stored
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model

_CHUNK: Final = 1 << 22


def fingerprint(model: Model) -> str:
    """Return the SHA-256 of ``model`` as it would be written, and of its weights beside it.

    Weights are read in pieces of a few megabytes, wherever they lie.

    Raises:
        MissingWeightsError: a file that holds weights has gone.
    """
    digest = sha256()
    for piece in wire.pieces(model.proto):
        if isinstance(piece, bytes):
            digest.update(piece)
        else:
            _add(digest.update, piece)
    for tensor in every_tensor(model.proto):
        said = weights.entries(tensor)
        place = weights.stored(tensor) if said and weights.FIELD not in said else None
        if place is not None:
            _add(digest.update, place)
    return digest.hexdigest()


def _add(update: Callable[[bytes], None], place: Stored) -> None:
    with place.path.open("rb") as file:
        for start in range(0, place.length, _CHUNK):
            length = min(_CHUNK, place.length - start)
            update(os.pread(file.fileno(), length, place.offset + start))
