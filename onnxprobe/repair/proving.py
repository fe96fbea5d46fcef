"""Show that a repaired file answers as the damaged one did, where that one answers at all."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.answers import Agreement, agreement, batches
from onnxprobe.errors import ContractError, RunError
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.proof import BATCHES, TOLERANCE
from onnxprobe.repair import Finding, repair

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Mended:
    """What was wrong with a file, what was done, and what running it showed.

    Attributes:
        findings: the ailments, in the order in which they were treated.
        before: why the old file does not run; empty where it does.
        after: why the new file does not run here either; empty where it does.
        batches: the batch sizes at which both were run on the same numbers.
        outputs: each output, old against new; none where the old file does not run.
        tolerance: how far floats may be apart: a runtime may fuse weights that it now knows to
            be constant, and then sums in another order.
    """

    findings: tuple[Finding, ...]
    before: str
    after: str
    batches: tuple[int, ...]
    outputs: tuple[Agreement, ...]
    tolerance: float = TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def write_repaired(
    path: Path,
    out: Path,
    *,
    skip: Collection[str] = (),
    also: Collection[str] = (),
    outside: str = "link",
) -> Mended:
    """Write ``path`` without its ailments to ``out``, if what it answers stays the same.

    Args:
        path: the damaged ``.onnx`` file. It is not changed.
        out: the new file.
        skip: ailments to leave alone.
        also: what to treat too, though a file is well with it.
        outside: what becomes of a file of weights beside the model (see ``graph.save``).

    Raises:
        NoSuchNameError, GraphError, VersionError: as :func:`onnxprobe.repair.repair`.
        ContractError: an answer would change.
    """
    repaired = repair(load(path), skip=skip, also=also)
    found: list[Mended] = []

    def check(temporary: Path) -> None:
        before, old = _attempt(path, None)
        after, new = _attempt(temporary, None if before else old)
        if before or after:
            found.append(Mended(repaired.findings, before, after, (), ()))
            return
        outputs = tuple(
            agreement(name, [run[name] for run in old.answers], [run[name] for run in new.answers])
            for name in old.answers[0]
        )
        changed = next((o for o in outputs if not o.relative <= TOLERANCE), None)
        if changed is not None:
            raise ContractError(
                f"repaired, the output {changed.name!r} would change by {changed.max_difference:.3g}; "
                "nothing was written"
            )
        found.append(Mended(repaired.findings, "", "", old.batches, outputs))

    save(repaired.model, out, outside=outside, check=check)
    return found[0]


@dataclass(frozen=True, slots=True)
class _Runs:
    """What a model was fed and answered, a run a batch size."""

    batches: tuple[int, ...] = ()
    feeds: tuple[Arrays, ...] = ()
    answers: tuple[Arrays, ...] = ()


def _attempt(path: Path, like: _Runs | None) -> tuple[str, _Runs]:
    """Run a file on random numbers, or on what another one was fed; say why where it does not."""
    try:
        session = runtime.Session(path)
        sizes = like.batches if like else batches(session.inputs, BATCHES)
        feeds = [runtime.random_feeds(session.inputs, batch) for batch in sizes]
        if like is not None:
            feeds = [{v.name: fed[v.name] for v in session.inputs} for fed in like.feeds]
        answers = tuple(session.run(fed) for fed in feeds)
    except RunError as error:
        return str(error), _Runs()
    return "", _Runs(sizes, tuple(feeds), answers)
