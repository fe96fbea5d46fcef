"""Edits made again, one after the other, on the groups as they were found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from onnxprobe.domains.edits import Edit
from onnxprobe.domains.grouping import Group, Grouping, Mask, default_name, is_default
from onnxprobe.domains.matching import matched, overlap
from onnxprobe.domains.parting import parts
from onnxprobe.errors import OnnxprobeError

Vectors = Callable[[str], NDArray[np.float32]]
"""Name of a view to its embeddings ``(n, d)``."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why an edit was not made, or not all of it.

    Attributes:
        why: for people.
        lost: whether it is about groups that were not found this time, rather than wrong.
    """

    why: str
    lost: bool


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What edits made of groups.

    Attributes:
        grouping: the groups as people want them.
        parted: the parts that splits made, so that they keep their names the next time.
        skipped: an entry for each edit; none where it was made.
    """

    grouping: Grouping
    parted: Grouping
    skipped: tuple[Skipped | None, ...]


def replayed(
    found: Grouping,
    edits: Sequence[Edit],
    vectors: Vectors,
    *,
    before: Grouping | None = None,
    lost: Sequence[str] = (),
) -> Replayed:
    """Make ``edits`` on the groups that were ``found``; what cannot be done is skipped, and said.

    Args:
        found: the groups, under the names that the edits call them by.
        edits: in order.
        vectors: of the pictures, in the order of ``found.paths``, for splits.
        before: parts that splits made the last time; they keep their names.
        lost: names of groups that are not there this time.
    """
    made: dict[str, tuple[str, Mask]] = {}

    def parted(view: str, member: Mask, names: Sequence[str]) -> Sequence[Mask]:
        masks = _named(_parts(vectors(view), member, len(names)), names, before, found.paths)
        made.update({name: (view, mask) for name, mask in zip(names, masks, strict=True)})
        return masks

    grouping, gone = found, set(lost)
    skipped: list[Skipped | None] = []
    for edit in edits:
        missing = sorted(gone.intersection(edit.about).difference(grouping.names))
        possible = edit.without(missing) if missing else edit
        why = Skipped(_not_found(missing), lost=True) if missing else None
        if possible is not None:
            try:
                grouping = possible(grouping, parted)
            except OnnxprobeError as error:
                possible, why = None, Skipped(str(error), lost=False)
        if possible is None:
            gone.update(edit.made)
        skipped.append(why)
    groups = tuple(Group(name, view) for name, (view, _) in made.items())
    members = [mask for _, mask in made.values()]
    every = np.array(members, bool).reshape(len(members), len(found.paths)).T
    return Replayed(grouping, Grouping(found.paths, groups, every), tuple(skipped))


def carried(found: Grouping, before: Grouping) -> tuple[Grouping, Grouping]:
    """Return ``found`` under the names that the same groups had ``before``, and those that are lost.

    A name that the recipe gave stays. Of the others, groups are the same if they share enough of the
    pictures that are in both runs (see ``matching``); what is left gets names that nobody had.
    """
    pairs = {
        i: before.place(group.name)
        for i, group in enumerate(found.groups)
        if not is_default(group.name) and group.name in before.names
    }
    ours, theirs = _common(found.paths, before.paths)
    overlaps = overlap(before.member[theirs], found.member[ours])
    overlaps[list(pairs.values())] = overlaps[:, list(pairs)] = 0
    pairs |= {new: old for old, new in matched(overlaps)}
    taken = {*before.names, *found.names}
    fresh = (name for name in map(default_name, count()) if name not in taken)
    groups = tuple(
        replace(
            group, name=before.groups[pairs[i]].name if i in pairs else _own(group, before, fresh)
        )
        for i, group in enumerate(found.groups)
    )
    left = sorted(set(range(len(before))) - set(pairs.values()))
    return replace(found, groups=groups), before.only(left)


def _own(group: Group, before: Grouping, fresh: Iterator[str]) -> str:
    return next(fresh) if group.name in before.names else group.name


def _not_found(names: Sequence[str]) -> str:
    return f"no group like {' or '.join(map(repr, names))} was found"


def _parts(x: NDArray[np.float32], member: Mask, number: int) -> list[Mask]:
    rows = np.flatnonzero(member)
    labels = parts(x[rows], number)
    masks = []
    for part in range(number):
        mask = np.zeros(len(member), bool)
        mask[rows[labels == part]] = True
        masks.append(mask)
    return masks


def _named(
    masks: Sequence[Mask], names: Sequence[str], before: Grouping | None, paths: tuple[str, ...]
) -> list[Mask]:
    """Return the parts in the order of ``names``: a part that was there before has its old name."""
    if before is None or not set(names) <= set(before.names):
        return list(masks)
    old = before.only([before.place(name) for name in names])
    ours, theirs = _common(paths, before.paths)
    overlaps = overlap(old.member[theirs], np.column_stack(masks)[ours])
    pairs = dict(matched(overlaps, above=-1.0))
    rest = iter(sorted(set(range(len(masks))) - set(pairs.values())))
    return [masks[pairs[i] if i in pairs else next(rest)] for i in range(len(names))]


def _common(
    ours: Sequence[str], theirs: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the pictures that are in both, in either list."""
    place = {path: i for i, path in enumerate(theirs)}
    pairs = [(i, place[path]) for i, path in enumerate(ours) if path in place]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
