"""Those that are most like a picture."""

from pathlib import Path

import numpy as np

from onnxprobe.directions import Vectors
from onnxprobe.embed.network import Network
from onnxprobe.errors import SelectionError
from onnxprobe.images import Preprocess
from onnxprobe.images.names import printable
from onnxprobe.probe import Probe, attach
from onnxprobe.recipe.backbone import backbone_of, started_in
from onnxprobe.select._base import Chosen, Pool, Wanted, Way


def _choose(pool: Pool, wanted: Wanted) -> Chosen:
    if wanted.like is None:
        raise SelectionError("'nearest' needs --like: a picture of the run, or a file")
    names = pool.domains.grouping.paths
    if wanted.like in names:
        row = names.index(wanted.like)
        vector = pool.store.embeddings(pool.probe, slice(row, row + 1))
    else:
        row, vector = -1, _embedded(pool, wanted.like)
    near = (pool.vectors @ pool.directions(vector)[0]).astype(np.float64)
    order = np.argsort(-near, kind="stable")
    order = order[pool.rows[order] != row][: wanted.count]  # itself is no answer
    return Chosen(order, near[order])


def _embedded(pool: Pool, picture: str) -> Vectors:
    """Return the vector ``(1, d)`` of a file, as the run would have embedded it.

    Raises:
        SelectionError: it is no picture.
    """
    path = Path(picture)
    if not path.is_file():
        raise SelectionError(
            f"{printable(picture)!r} is neither a picture of the run nor a file; names are as in "
            f"'groups.parquet', such as {pool.domains.grouping.paths[0]!r}"
        )
    prepare = Preprocess.of(pool.domains.folder.run["model"]["preprocess"])
    decoded = prepare.decode(path.read_bytes())
    if decoded.pixels is None:
        raise SelectionError(f"{picture!r} cannot be used: {decoded.status}: {decoded.error}")
    probe = Probe.parse(pool.probe)
    backbone = backbone_of(started_in(pool.run))
    network = Network.of(attach(backbone, [probe]), [probe.output], prepare)
    return np.asarray(next(network.each([decoded.pixels]))[probe.output], np.float32)


NEAREST = Way(
    "nearest",
    "those that are most like the picture --like; the score is the cosine, 1 for the same",
    _choose,
)
