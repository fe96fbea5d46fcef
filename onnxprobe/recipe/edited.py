"""What people made of what a recipe found: edits replayed, heads trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from onnxprobe.domains import Edit, Group, Grouping, Replayed, replayed
from onnxprobe.domains.file import write_edits
from onnxprobe.domains.found import write_found
from onnxprobe.errors import DomainError
from onnxprobe.images.names import printable
from onnxprobe.recipe.findings import Domain, Findings
from onnxprobe.recipe.kept import Kept
from onnxprobe.recipe.run import Run
from onnxprobe.store import Store

Views = Mapping[str, NDArray[np.float32]]


class Retrains(Protocol):
    """A recipe whose groups people may change."""

    def retrained(self, run: Run, before: Findings, views: Kept[Views]) -> Findings:
        """Train heads for the groups of ``before``, and return what is found then.

        Args:
            run: in which the pictures were embedded.
            before: names, views and members of the groups are as they should be; what it says of a
                head is of one before.
            views: name of each probe to the embeddings ``(n, d)``.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """A run as people want it.

    Attributes:
        findings: with heads for the groups as they are now.
        edits: that were made.
        replayed: what they made.
        found: the groups before any edit.
        lost: groups that an earlier run found and this one did not.
    """

    findings: Findings
    edits: tuple[Edit, ...]
    replayed: Replayed
    found: Grouping
    lost: Grouping

    def write(self, folder: Path) -> None:
        """Write the edits, and the groups that they are about."""
        write_edits(self.edits, folder)
        write_found(folder, found=self.found, lost=self.lost, parted=self.replayed.parted)

    @property
    def record(self) -> list[dict[str, Any]]:
        """What ``run.json`` says of the edits."""
        return [
            edit.entry() | ({} if skipped is None else {"skipped": skipped.why})
            for edit, skipped in zip(self.edits, self.replayed.skipped, strict=True)
        ]


def edited(  # noqa: PLR0913  what there was before, and what is wanted
    run: Run,
    recipe: Any,
    findings: Findings,
    edits: Sequence[Edit],
    *,
    found: Grouping,
    lost: Grouping,
    parted: Grouping | None,
) -> Edited:
    """Make ``edits`` on the groups that were ``found``, and train heads for what comes out.

    Raises:
        DomainError: the recipe cannot train heads again.
    """
    if not hasattr(recipe, "retrained"):
        raise DomainError(
            f"recipe {type(recipe).__name__!r} cannot train heads for other groups; it has no "
            "method 'retrained'"
        )
    store = opened(run.job.out, sum(findings.counts.values()))
    result = replayed(found, edits, store.embeddings, before=parted, lost=lost.names)
    before = _with(findings, result.grouping)
    if before.domains:
        views = {str(probe): store.embeddings(probe) for probe in findings.probes}
        key = run.key("embedding", store.header.identity, str(store.pictures))
        before = recipe.retrained(run, before, Kept(views, key))
    return Edited(before, tuple(edits), result, found, lost)


def opened(folder: Path, pictures: int) -> Store:
    """Return the store of a run that took ``pictures``, whatever became of each.

    Raises:
        StoreError: it is not there, or damaged.
    """
    return Store.open(folder / "embeddings.h5").first(pictures)


def grouping_of(findings: Findings) -> Grouping:
    """Return the groups of ``findings``."""
    groups = tuple(Group(d.name, d.view, d.depth, d.stability) for d in findings.domains)
    return Grouping(tuple(map(printable, findings.paths)), groups, findings.member)


def _with(findings: Findings, grouping: Grouping) -> Findings:
    """Return ``findings`` of other groups, about which no head has said anything yet."""
    size = grouping.member.sum(axis=0)
    domains = tuple(
        Domain(
            id=i,
            name=group.name,
            view=group.view,
            depth=group.depth or 0.0,
            size=int(size[i]),
            share=float(size[i] / max(1, len(grouping.paths))),
            stability=group.stability,
            heldout_recall=None,
            heldout_precision=None,
            share_ratio=None,
        )
        for i, group in enumerate(grouping.groups)
    )
    return replace(findings, member=grouping.member, domains=domains)
