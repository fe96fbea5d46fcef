"""Does a new file keep what the old one promises? What can be seen, and what a run shows."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from onnxprobe import contract, runtime
from onnxprobe.answers import Agreement, agreement, batches
from onnxprobe.changes import Changes, changes
from onnxprobe.contract import Difference
from onnxprobe.errors import MissingWeightsError, NotOnnxError, RunError
from onnxprobe.graph.disk.outside import found
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.proof import BATCHES

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differs between two files.

    Attributes:
        differences: what can be seen without running; those that ``breaks`` a caller notices.
        changes: every node and weight inside that is new, gone or otherwise.
        unloaded: why a file does not load, or the new one not run on what the old one takes; empty
            where both do, or were not tried.
        batches: the batch sizes at which both were run on the same random numbers; none where
            the differences leave nothing to compare, or one does not load.
        given: how many runs were on inputs that the user gave.
        outputs: the old outputs, compared bit by bit over all runs.
    """

    differences: tuple[Difference, ...]
    changes: Changes
    unloaded: str
    batches: tuple[int, ...]
    given: int
    outputs: tuple[Agreement, ...]

    @property
    def kept(self) -> bool:
        """Whether a caller of the old file can go on with the new one."""
        same = bool(self.batches) and all(output.identical for output in self.outputs)
        return same and contract.kept(self.differences)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        return {"kept": self.kept, **_finite(asdict(self))}


def verdict(old: Path, new: Path, given: Iterable[Arrays] = ()) -> Verdict:
    """Compare the files ``old`` and ``new``: declarations, nodes, weights, then answers.

    Args:
        old: the file that callers know.
        new: the file that is to replace it.
        given: what to feed both besides random numbers, one mapping a run.

    Raises:
        NotOnnxError, MissingWeightsError: a file cannot be read.
        RunError: the old one loads and does not run.
    """
    before, after = map(_whole, (old, new))
    inside = changes(before, after)
    differences = contract.compare(before, after, inside)
    if before.inputs != after.inputs or not set(before.outputs) <= set(after.outputs):
        return Verdict(differences, inside, "", (), 0, ())
    try:
        sessions = tuple(map(_session, (old, new)))
    except RunError as error:
        return Verdict(differences, inside, str(error), (), 0, ())
    sizes = batches(sessions[0].inputs, BATCHES)
    random = [runtime.random_feeds(sessions[0].inputs, size) for size in sizes]
    feeds = [*random, *given]
    runs = [[sessions[0].run(fed, before.outputs) for fed in feeds]]
    try:
        runs.append([sessions[1].run(fed, before.outputs) for fed in feeds])
    except RunError as error:
        return Verdict(differences, inside, f"{str(new)!r}: {error}", (), 0, ())
    outputs = tuple(
        agreement(name, *([run[name] for run in side] for side in runs)) for name in before.outputs
    )
    return Verdict(differences, inside, "", sizes, len(feeds) - len(random), outputs)


def _whole(path: Path) -> Model:
    """Return the model at ``path``, with the weights beside it in their places."""
    model = load(path)
    try:
        found(model.proto)
    except (NotOnnxError, MissingWeightsError) as error:
        raise type(error)(f"{str(path)!r}: {error}") from error
    return model


def _session(path: Path) -> runtime.Session:
    try:
        return runtime.Session(path)
    except RunError as error:
        raise RunError(f"{str(path)!r}: {error}") from error


def _finite(thing: Any) -> Any:
    """Return plain values that JSON has: a difference without a number becomes ``None``."""
    if isinstance(thing, dict):
        return {key: _finite(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing
