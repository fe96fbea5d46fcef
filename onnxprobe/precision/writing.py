"""Write a model in another precision, if its answers stay near enough; say how near."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.answers import Agreement, agreement, batches
from onnxprobe.errors import ContractError
from onnxprobe.fuse import PROOF, with_metadata
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.precision._base import Precision
from onnxprobe.proof import BATCHES, sha256
from onnxprobe.unfuse import heads

Arrays = Mapping[str, NDArray[Any]]
KEY: Final = "onnxprobe.precision"
"""Metadata of a model that was cast: from which file, and how near its answers are."""


@dataclass(frozen=True, slots=True)
class Near:
    """One output of the model before and after.

    Attributes:
        name: of the output.
        relative: the largest difference, as a share of the largest value (at least 1); of whole
            numbers 0, see ``equal``.
        equal: share of the numbers that are the same, 0 to 1.
    """

    name: str
    relative: float
    equal: float


@dataclass(frozen=True, slots=True)
class Recast:
    """What casting a model did.

    Attributes:
        precision: its name.
        bytes: of the file before and after, weights beside it left out.
        outputs: every output, compared over all runs.
        batches: the batch sizes at which both were run on random numbers.
        given: how many runs were on inputs that the user gave.
        tolerance: how far an output was allowed to be.
    """

    precision: str
    bytes: tuple[int, int]
    outputs: tuple[Near, ...]
    batches: tuple[int, ...]
    given: int
    tolerance: float

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)


def write_cast(  # noqa: PLR0913  what a file is written with
    path: Path,
    out: Path,
    *,
    precision: Precision,
    tolerance: float | None = None,
    given: Iterable[Arrays] = (),
    outside: str = "link",
) -> Recast:
    """Write the model at ``path`` in another precision; its callers call it as before.

    Heads that were fused into it, and the probes they read, stay in float32: they are small, and
    their thresholds were set in it. Old and new model, its roundings written out, are run on random numbers at batches 1, 2
    and 5 and on what is given. Whole numbers, such as the class of a head, are decided by the
    floats before them, so they are counted, not judged.

    Raises:
        ContractError: an output is farther off than ``tolerance``; nothing is written.
        RunError: one of the two does not load or run.
    """
    allowed = precision.tolerance if tolerance is None else tolerance
    old = load(path)
    new = precision.cast(old, _brought(old))
    runtime.Session(new)  # it must load as it is, too
    sizes, runs = _run(old, precision.measured(new), list(given))
    found = tuple(_near(name, runs) for name in old.outputs)
    worst = max(found, key=lambda near: np.nan_to_num(near.relative, nan=np.inf))
    if not worst.relative <= allowed:
        raise ContractError(
            f"the output {worst.name!r} would be {worst.relative:.3g} of its largest value off in "
            f"{precision.name} (allowed: {allowed:g}); nothing was written; allow more with "
            "--tolerance, or keep float32"
        )
    said = {
        "name": precision.name,
        "of": sha256(path),
        "tolerance": allowed,
        "outputs": {near.name: asdict(near) for near in found},
    }
    proof = {"batches": sizes, "old_outputs": f"within {worst.relative:.2g} of the float32 file"}
    facts = {KEY: json.dumps(said), PROOF: json.dumps(proof)}
    save(with_metadata(new, facts), out, outside=outside)
    lengths = path.stat().st_size, out.stat().st_size
    return Recast(precision.name, lengths, found, sizes, len(runs) - len(sizes), allowed)


_Runs = list[tuple[Arrays, Arrays]]


def _run(old: Model, new: Model, given: list[Arrays]) -> tuple[tuple[int, ...], _Runs]:
    sessions = runtime.Session(old), runtime.Session(new)
    sizes = batches(sessions[0].inputs, BATCHES)
    feeds = [runtime.random_feeds(sessions[0].inputs, size) for size in sizes]
    return sizes, [(sessions[0].run(fed), sessions[1].run(fed)) for fed in (*feeds, *given)]


def _near(name: str, runs: _Runs) -> Near:
    pairs = [(before[name], after[name]) for before, after in runs]
    same = sum(int((a == b).sum()) for a, b in pairs) / max(1, sum(a.size for a, _ in pairs))
    if any(a.dtype.kind in "biu" and a.shape == b.shape for a, b in pairs):
        return Near(name, 0.0, same)
    found: Agreement = agreement(name, *map(list, zip(*pairs, strict=True)))
    return Near(name, found.relative, same)


def _brought(model: Model) -> frozenset[str]:
    """Return the tensors that fused heads, and the probes they read, compute."""
    known = heads(model)
    probes = {probe for head in known for probe in head.probes}
    begin = tuple(f"{name}/" for name in (*(head.name for head in known), *probes))
    named = {*probes, *(output for head in known for output in head.outputs)}
    written = (name for node in model.nodes for name in node.writes)
    return frozenset(name for name in written if name in named or name.startswith(begin))
