"""What a recipe finds, and the files that say so."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.atomic import replacing
from onnxprobe.fuse import Part
from onnxprobe.graph.inspect import picked
from onnxprobe.graph.pick import Pick
from onnxprobe.probe import Probe
from onnxprobe.proof import versions
from onnxprobe.recipe.run import Run
from onnxprobe.recipe.settings import as_json


@dataclass(frozen=True, slots=True)
class Domain:
    """One group that proved stable.

    Attributes:
        id: its column in the head.
        name: what it is called.
        view: the probe it was found at.
        depth: where that is, 0 (the picture) to 1 (the answer).
        size: pictures in it.
        share: of all pictures, 0 to 1.
        stability: 0 to 1; median overlap with what re-clustered subsets give (Hennig 2007); null
            where a recipe does not look at it.
        heldout_recall: of its held-out pictures, the part that the head finds, 0 to 1.
        heldout_precision: of the held-out pictures the head says are in it, the part that is.
        share_ratio: held-out pictures the head says are in it, per picture that is.
        agreement: of the ten pictures nearest to each of its own, in its view, the part that is in
            it too, 0 to 1; null where nobody looked, or it is too small.
    """

    id: int
    name: str
    view: str
    depth: float
    size: int
    share: float
    stability: float | None
    heldout_recall: float | None
    heldout_precision: float | None
    share_ratio: float | None
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a recipe found; ``n`` pictures, ``K`` domains. Without domains there is no head.

    Attributes:
        pick: the tensor that shows what is in a picture, and why.
        probes: all views that were embedded.
        counts: pictures by what became of them.
        paths: n names, in the order of the rows.
        member: ``(n, K)`` bool.
        domain: ``(n,)`` the most stable domain a picture belongs to; −1 for none.
        layout: ``(n, 2)`` the map.
        split: n of ``"train"`` or ``"heldout"``.
        predicted: ``(n, K)`` bool, what the head says.
        confidence: ``(n,)`` the head's highest score, 0 to 1.
        domains: K of them.
        heldout: figures over all domains: rows, macro_f1, macro_auc, worst_recall, majority.
        parts: the heads to fuse.
    """

    pick: Pick
    probes: tuple[Probe, ...]
    counts: Mapping[str, int]
    paths: tuple[str, ...]
    member: NDArray[np.bool_]
    domain: NDArray[np.int64]
    layout: NDArray[np.float32]
    split: tuple[str, ...]
    predicted: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    domains: tuple[Domain, ...]
    heldout: Mapping[str, float | int | None]
    parts: tuple[Part, ...]

    @property
    def covered(self) -> float:
        """Part of the pictures that are in a domain, 0 to 1."""
        return round(float(self.member.any(axis=1).mean()), 4) if len(self.paths) else 0.0


def write_groups(found: Findings, path: Path) -> None:
    """Write ``groups.parquet``: a row a picture."""
    import pyarrow as pa
    from pyarrow import parquet

    from onnxprobe.images.names import printable

    table = pa.table(
        {
            "path": list(map(printable, found.paths)),
            "domains": _lists(found.member),
            "domain": found.domain.astype(np.int64),
            "x": found.layout[:, 0].astype(np.float32),
            "y": found.layout[:, 1].astype(np.float32),
            "split": pa.array(found.split).dictionary_encode(),
            "predicted": _lists(found.predicted),
            "confidence": found.confidence.astype(np.float32),
        }
    )
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)


def summary(run: Run, recipe_name: str, recipe: Any, found: Findings) -> dict[str, Any]:
    """Return what ``run.json`` says: settings, versions, seconds, counts, domains, figures."""
    from onnxprobe.store.sessions import sessions

    return {
        "recipe": recipe_name,
        "settings": as_json(recipe),
        "versions": versions(),
        "seconds": run.seconds,
        "model": {
            "path": str(run.job.model),
            "sha256": run.model_sha256,
            "input": str(run.model.value(run.model.inputs[0])),
            "preprocess": json.loads(run.preprocess.to_json()),
            "preprocess_origin": run.preprocess_origin,
        },
        "images": run.job.images,
        "pictures": len(run.source.names),
        "counts": dict(found.counts),
        "sessions": [one.to_json() for one in sessions(run.job.out / "embeddings.h5")],
        "pick": picked(found.pick),
        "probes": list(map(str, found.probes)),
        "covered": found.covered,
        "domains": [asdict(domain) for domain in found.domains],
        "heldout": dict(found.heldout),
        **_said(run.job.out),
    }


def _said(out: Path) -> dict[str, Any]:
    """Return by what people had an earlier run described; this one is to be described by it too."""
    try:
        before = json.loads((out / "run.json").read_text())["described"]
        return {"described": {name: before.get(name) for name in ("labels", "sample")}}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # nobody had


def write_json(value: Any, path: Path) -> None:
    """Write ``value`` to ``path``, readable by people."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def _lists(member: NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    rows, columns = np.nonzero(member)
    offsets = np.searchsorted(rows, np.arange(len(member) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(columns.astype(np.int64)))
