"""Change the domains of a finished run: heads trained again, fused, proven, all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from onnxprobe.domains import Edit, Group, Grouping
from onnxprobe.domains.actions import ACTIONS
from onnxprobe.domains.edits import Asked
from onnxprobe.domains.file import NAME, read_edits
from onnxprobe.domains.found import on, read_found
from onnxprobe.errors import DomainError, StoreError
from onnxprobe.graph.pick import pick
from onnxprobe.images import Preprocess, Source, open_source
from onnxprobe.images.names import printable
from onnxprobe.probe import Probe
from onnxprobe.progress import Progress, silent
from onnxprobe.proof import versions
from onnxprobe.recipe.backbone import backbone_of, started_in
from onnxprobe.recipe.edited import Edited, edited, opened
from onnxprobe.recipe.findings import Domain, Findings
from onnxprobe.recipe.folder import RunFolder
from onnxprobe.recipe.listing import find
from onnxprobe.recipe.publish import settled
from onnxprobe.recipe.run import Job, Run
from onnxprobe.recipe.running import Started
from onnxprobe.recipe.settings import configured, flat
from onnxprobe.recipe.writing import write
from onnxprobe.store.lock import locked
from onnxprobe.store.top import folder_of


@dataclass(frozen=True, slots=True, eq=False)
class Domains:
    """The domains of a run, and what people said of them.

    Attributes:
        folder: of the run, as it is read.
        edits: so far, in order.
        grouping: the domains as they are.
    """

    folder: RunFolder
    edits: tuple[Edit, ...]
    grouping: Grouping

    @classmethod
    def read(cls, run: Path) -> "Domains":
        """Read the folder of a run.

        Raises:
            StoreError: it is no finished run, or a file in it is broken.
            DomainError: the file of edits cannot be read.
        """
        settled(run)
        folder = RunFolder.read(run).with_facts("model", "counts", "probes", "domains")
        groups = tuple(
            Group(d["name"], d["view"], d["depth"], d["stability"]) for d in folder.run["domains"]
        )
        paths = tuple(map(printable, folder.groups.path))
        grouping = Grouping(paths, groups, folder.groups.domains.dense(len(groups)))
        return cls(folder, read_edits(run), grouping)


def edit(  # noqa: PLR0913  what was asked
    run: str | Path,
    action: str,
    words: Sequence[str] = (),
    *,
    called: Sequence[str] = (),
    into: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Do ``action`` to the domains of a run, and write the run as it is then.

    Heads are trained for the groups as they are wanted, from the embeddings that are kept; the
    pictures are not read. The new model is fused and proven before anything in the folder changes.

    Args:
        run: its folder.
        action: one of ``ACTIONS``.
        words: domains by name or id, as the action wants them.
        called: names for what is new.
        into: parts of a split.
        progress: told how far the work is.

    Returns:
        What ``run.json`` says.

    Raises:
        NoSuchNameError: there is no such action, or no such domain.
        DomainError: an edit cannot be made; the message says which.
        StoreError: the folder holds no finished run, or another process works on it.
        RecipeError: the backbone is not the one of the run.
        ContractError: the fused model would not answer as the backbone does.
    """
    out = Path(run)
    store = out / "embeddings.h5"
    chosen = ACTIONS[action]
    Domains.read(out)  # says so where this is no run, before a lock is left in it
    with locked(folder_of(store), store):
        domains = Domains.read(out)
        asked = Asked(domains.grouping, tuple(words), tuple(called), into)
        edits = chosen.edits(domains.edits, asked)
        return _rewritten(out, domains, edits, progress)


def _rewritten(
    out: Path, domains: Domains, edits: tuple[Edit, ...], progress: Progress
) -> dict[str, Any]:
    started = started_in(out)
    run = _run(out, started, domains.folder.run, progress)
    recipe = configured(find(started.recipe), flat(started.settings))
    before = _findings(run, domains)
    kept = read_found(out) or {}
    nothing = domains.grouping.only([])
    new = edited(
        run,
        recipe,
        before,
        edits,
        found=on(kept.get("found", domains.grouping), domains.grouping.paths),
        lost=kept.get("lost", nothing),
        parted=kept.get("parted", nothing),
    )
    _require_made(new)
    return write(run, new.findings, lambda: _facts(run, domains.folder.run, new), more=new.write)


def _require_made(new: Edited) -> None:
    for number, skipped in enumerate(new.replayed.skipped, 1):
        if skipped is not None and not skipped.lost:
            which = "" if number == len(new.edits) else f"entry {number} of {NAME!r}: "
            raise DomainError(f"{which}{skipped.why}; nothing was changed")


def _facts(run: Run, before: Mapping[str, Any], new: Edited) -> dict[str, Any]:
    """Return what ``run.json`` says then: what the edit does not touch is as it was."""
    return {
        **before,
        "versions": versions(),
        "seconds": run.seconds,
        "covered": new.findings.covered,
        "domains": [asdict(domain) for domain in new.findings.domains],
        "heldout": dict(new.findings.heldout),
        "edits": new.record,
    }


def _run(out: Path, started: Started, facts: Mapping[str, Any], progress: Progress) -> Run:
    """Return the run as the recipe had it; its pictures are only looked for if somebody asks."""
    return Run(
        Job(Path(started.model), started.images, out),
        backbone_of(started),
        started.model_sha256,
        _Unopened(started.images),
        Preprocess.of(facts["model"]["preprocess"]),
        facts["model"]["preprocess_origin"],
        progress,
        dict(facts["seconds"]),
    )


def _findings(run: Run, domains: Domains) -> Findings:
    """Return what was found, as far as training heads again needs it."""
    facts, groups = domains.folder.run, domains.folder.groups
    store = opened(run.job.out, sum(facts["counts"].values()))
    if len(store) != len(groups):
        raise StoreError(
            f"{str(store.path)!r} holds {len(store):,} pictures, 'groups.parquet' {len(groups):,}; "
            "run the recipe again"
        )
    return Findings(
        pick=pick(run.model),
        probes=tuple(map(Probe.parse, facts["probes"])),
        counts=facts["counts"],
        paths=tuple(store.paths),
        member=domains.grouping.member,
        domain=groups.domain,
        layout=np.column_stack([groups.x, groups.y]).astype(np.float32),
        split=groups.split,
        predicted=groups.predicted.dense(len(domains.grouping)),
        confidence=groups.confidence.astype(np.float32),
        domains=tuple(Domain(**_known(entry)) for entry in facts["domains"]),
        heldout=facts["heldout"],
        parts=(),
    )


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an entry of ``run.json`` a recipe says; others may have added to it."""
    return {field.name: entry[field.name] for field in fields(Domain) if field.name in entry}


@dataclass(frozen=True)
class _Unopened:
    """A source that is opened when it is first asked."""

    images: str

    @cached_property
    def _source(self) -> Source:
        return open_source(self.images)

    @property
    def kind(self) -> str:
        return self._source.kind

    @property
    def path(self) -> Path:
        return Path(self.images)

    @property
    def names(self) -> Sequence[str]:
        return self._source.names

    def read(self, name: str, most: int | None = None) -> bytes:
        return self._source.read(name, most)
