"""Show that a repaired file answers as the damaged one did, where that one answers at all."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.answers import Agreement, agreement, batches
from onnxprobe.errors import ContractError, GraphError, RunError, quoted
from onnxprobe.graph.disk.outside import found
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.proof import BATCHES, TOLERANCE
from onnxprobe.repair import AILMENTS, Finding, Repaired, repair
from onnxprobe.repair.reasons import because

Arrays = Mapping[str, NDArray[Any]]


_REFUSED: Final = tuple(a.name for a in AILMENTS.values() if a.when == "refused")
"""What is treated where the file does not load."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What was wrong with a file, what was done, and what running it showed.

    Attributes:
        findings: the ailments, in the order in which they were treated.
        before: why the old file does not run; empty where it does, or nothing was run.
        after: why the new file does not run on random numbers either; empty where it does.
        batches: the batch sizes at which both were run on the same numbers.
        outputs: each output, old against new; none where the old file does not run.
        proven: whether the new file was loaded at all.
        tolerance: how far floats may be apart: a runtime may fuse weights that it now knows to
            be constant, and then sums in another order.
    """

    findings: tuple[Finding, ...]
    before: str = ""
    after: str = ""
    batches: tuple[int, ...] = ()
    outputs: tuple[Agreement, ...] = ()
    proven: bool = True
    tolerance: float = TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Runs:
    """What a model was fed and answered, a run a batch size; or why it was not."""

    why: str = ""
    loads: bool = True
    batches: tuple[int, ...] = ()
    feeds: tuple[Arrays, ...] = ()
    answers: tuple[Arrays, ...] = ()


def write_repaired(  # noqa: PLR0913  each is an option of the command
    path: Path,
    out: Path,
    *,
    skip: Collection[str] = (),
    also: Collection[str] = (),
    outside: str = "link",
    proven: bool = True,
) -> Mended:
    """Write ``path`` without its ailments to ``out``, if it loads then and answers as before.

    Args:
        path: the damaged ``.onnx`` file. It is not changed.
        out: the new file.
        skip: ailments to leave alone.
        also: what to treat too, though a file is well with it.
        outside: what becomes of a file of weights beside the model (see ``graph.save``).
        proven: load and run both files before writing.

    Raises:
        NoSuchNameError, GraphError, VersionError: as :func:`onnxprobe.repair.repair`.
        NotOnnxError: the length of a weight is not that of its shape.
        RunError: the new file does not load; the message has the runtime's reason.
        ContractError: an answer would change, or it would no longer run.
    """
    repaired, old = _treated(path, skip, also, proven=proven)
    shown: list[Mended] = []

    def check(temporary: Path) -> None:
        shown.append(_shown(path, repaired, old, temporary))

    save(repaired.model, out, outside=outside, check=check)
    return shown[0]


def diagnosed(
    path: Path, *, skip: Collection[str] = (), also: Collection[str] = (), proven: bool = True
) -> Mended:
    """Return what :func:`write_repaired` would mend in ``path`` and what it would show; write nothing.

    Raises:
        NoSuchNameError, GraphError, VersionError, NotOnnxError, RunError, ContractError: as
            :func:`write_repaired`.
    """
    repaired, old = _treated(path, skip, also, proven=proven)
    found(repaired.model.proto)  # what cannot be written is not called well
    if old is not None and old.loads and not repaired.findings:
        return Mended((), before=old.why, after=old.why)
    return _shown(path, repaired, old, repaired.model)


def _treated(
    path: Path, skip: Collection[str], also: Collection[str], *, proven: bool
) -> tuple[Repaired, _Runs | None]:
    """Return the file at ``path`` repaired, and what it answers, where that is to be compared."""
    if not proven:  # held here, the old model would take room while the new one is made
        return repair(load(path), skip=skip, also=also), None
    _check_lengths(load(path))
    old = _attempt(path, None)
    treat = repair if old.loads else _until_it_loads
    return treat(load(path), skip=skip, also=also), old


def _shown(path: Path, repaired: Repaired, old: _Runs | None, new: Model | Path) -> Mended:
    """Run the repaired model, and compare it with what the old one answered.

    Raises:
        RunError: it does not load; the message has the reason.
        ContractError: an answer would change, or it would no longer run.
    """
    if old is None:
        return Mended(repaired.findings, proven=False)
    runs = _attempt(new, None if old.why else old)
    if not runs.loads:
        told = because(repaired.model) or runs.why.replace(str(new), str(path))
        raise RunError(_still(repaired, told))
    if runs.why and not old.why:
        raise ContractError(f"repaired, {runs.why}; nothing was written")
    return _compared(repaired, old, runs)


def _check_lengths(model: Model) -> None:
    """Return if every weight that is at hand has as many bytes as its shape takes.

    Raises:
        NotOnnxError: one has not; asked to load it, the runtime would write to the terminal.
    """
    for name, tensor in model.tensors.items():
        if tensor.HasField("raw_data"):
            model.constant(name)


def _until_it_loads(model: Model, *, skip: Collection[str], also: Collection[str]) -> Repaired:
    """Repair a model; where it does not load then, treat what is harmless otherwise: one, or all."""
    tried: list[Repaired] = []
    for more in ((), *((name,) for name in _REFUSED), _REFUSED):
        try:
            treated = repair(model, skip=skip, also={*also, *more})
        except GraphError:  # what is in the way may be gone with more
            continue
        if treated.findings in [other.findings for other in tried]:
            continue
        if _loads(treated.model):
            return treated
        tried.append(treated)
    return tried[0] if tried else repair(model, skip=skip, also=also)


def _loads(model: Model) -> bool:
    try:
        runtime.Session(model)
    except RunError:
        return False
    return True


def _attempt(model: Model | Path, like: _Runs | None) -> _Runs:
    """Run a model on random numbers, or on what another one was fed; say why where it does not."""
    try:
        session = runtime.Session(model)
    except RunError as error:
        return _Runs(str(error), loads=False)
    try:
        sizes = like.batches if like else batches(session.inputs, BATCHES)
        feeds = [runtime.random_feeds(session.inputs, batch) for batch in sizes]
        if like is not None:
            feeds = [{v.name: fed[v.name] for v in session.inputs} for fed in like.feeds]
        answers = tuple(session.run(fed) for fed in feeds)
    except RunError as error:
        return _Runs(str(error))
    return _Runs(batches=sizes, feeds=tuple(feeds), answers=answers)


def _still(repaired: Repaired, why: str) -> str:
    """Say that a file does not load though all that is known was mended."""
    if not repaired.findings:
        return f"nothing is found that could be repaired, but {why}; nothing was written"
    mended = quoted(finding.ailment for finding in repaired.findings)
    return f"without {mended} too, {why}; nothing was written (--no-proof writes what is mended so far)"


def _compared(repaired: Repaired, old: _Runs, new: _Runs) -> Mended:
    """Compare the answers of a file before and after, where there are any.

    Raises:
        ContractError: they differ by more than rounding.
    """
    if old.why:
        return Mended(repaired.findings, old.why, new.why)
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
    return Mended(repaired.findings, batches=old.batches, outputs=outputs)
