"""Which pictures teach the head and which only score it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import PicturesError, RecipeError, plural, quoted
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe import Kept, Run
from onnxprobe.recipe.kinds import Seed
from recipes.grouped import Grouping, Mask
from recipes.heads.copies import copies
from recipes.heads.heldout import dealt, kept_aside

G = TypeVar("G", bound=Grouping)

FOLDER: Final = "folder"
"""What ``group_by`` says where pictures of one folder belong together."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Who is on which side.

    Attributes:
        aside: ``(n,)`` bool, the rows that only score.
        together: ``(n,)`` int64; rows with the same number are on the same side. Null: each alone.
    """

    aside: Mask
    together: NDArray[np.int64] | None = None

    def folds(self, member: Mask, count: int, *, seed: int) -> NDArray[np.int64]:
        """Return the fold of each row that teaches, for cross-fitting; ``member`` has all rows."""
        teach = ~self.aside
        together = None if self.together is None else self.together[teach]
        return dealt(member[teach], count, seed=seed, together=together)


@dataclass(frozen=True)
class Split:
    """Keep a share of every domain aside to score the head on, and keep together what is alike.

    Frames of one film, photographs of one person or copies of one picture on both sides make a
    head look better than it is. Pictures whose files are the same are kept together always.

    Attributes:
        heldout: share of the pictures of every domain that only score the head.
        folders: first folders whose pictures are kept aside instead, such as ``["val"]``.
        group_by: what must stay on one side: ``FILE.csv:COLUMN``, where the file has a column
            ``path`` too; or ``folder``, the folder of a picture; null for each picture by itself.
        seed: of the deal.
    """

    heldout: float = 0.3
    folders: tuple[str, ...] = ()
    group_by: str | None = None
    seed: Seed = 0

    def check(self) -> None:
        """Look at the share, and at the file that says what belongs together.

        Raises:
            RecipeError: the share is none, or the file cannot be read.
        """
        if not 0 < self.heldout < 1:
            raise RecipeError(f"split.heldout is between 0 and 1, not {self.heldout}")
        if self.group_by not in {None, FOLDER}:
            _table(str(self.group_by))

    def __call__(
        self,
        paths: Sequence[str],
        groups: Grouping,
        group: Sequence[str | None],
        copied: Sequence[str | None] = (),
        *,
        progress: Progress = silent,
    ) -> Sides:
        """Deal out ``paths``.

        ``group`` names what each belongs to, null for itself alone; ``copied`` its file, where
        others are the same. Both stay on one side.
        """
        progress("split", 1, 1)
        together = _together(*(names for names in (group, copied) if any(names)))
        if not self.folders:
            sides = self.deal(groups.member, together)
            if not sides.aside.any():
                why = f"by {self.group_by!r}" if any(group) else "as copies of one file"
                raise RecipeError(
                    f"nothing can be held out: {why} too many of the {len(paths)} "
                    "pictures belong together; name smaller groups with --group-by"
                )
            return sides
        aside = np.array([path.split("/")[0] in self.folders for path in paths])
        if not aside.any() or aside.all():
            which = "no picture lies" if not aside.any() else "all pictures lie"
            raise RecipeError(
                f"{which} in {quoted(self.folders)}, which split.folders keeps aside; the first "
                f"folders are {quoted(sorted({path.split('/')[0] for path in paths})[:6])}"
            )
        if any(group):
            _refuse_both(aside, _numbered(group), group)
        if any(copied):
            _warn_of_copies(aside, copied)
        return Sides(aside, together)

    def deal(self, member: Mask, together: NDArray[np.int64] | None = None) -> Sides:
        """Keep the share of every domain of ``member`` ``(n, K)`` aside."""
        aside = kept_aside(member, self.heldout, seed=self.seed, together=together)
        return Sides(aside, together)


def split(run: Run, step: Split, paths: Sequence[str], groups: Kept[G]) -> Kept[Sides]:
    """Do the step, its file of groups read; a changed file is a changed result."""
    group = _groups(step.group_by, paths)
    told = Kept(group, Run.key("group_by", *map(repr, group)))
    same = copies(run, paths)
    copied = Kept(same, Run.key("copies", *map(repr, same)))
    return run.do("split", step, Kept(paths, groups.key), groups, told, copied)


def _groups(group_by: str | None, paths: Sequence[str]) -> tuple[str | None, ...]:
    """Return what each of ``paths`` belongs to, null where it is alone."""
    if group_by is None:
        return (None,) * len(paths)
    if group_by == FOLDER:
        return tuple(str(PurePosixPath(path).parent) for path in paths)

    from onnxprobe.images.names import printable

    file, named = _table(group_by)
    group = tuple(named.get(printable(path)) for path in paths)
    if not any(group):
        raise RecipeError(
            f"{file!r} names none of the pictures; its first path is {next(iter(named), '')!r}, "
            f"the first picture {printable(paths[0])!r}"
        )
    return group


def _table(group_by: str) -> tuple[str, dict[str, str]]:
    """Read ``FILE.csv:COLUMN``; return the file's name and the group of each path."""
    from onnxprobe.rank.labels import read_labels

    file, colon, column = group_by.rpartition(":")
    file, column = (file, column) if colon and file.endswith(".csv") else (group_by, "group")
    try:
        return file, read_labels(file, columns=("path", column))
    except PicturesError as error:
        text = str(error).replace("labels", "groups").partition("; name the two")[0]
        raise RecipeError(f"{text}; say --group-by FILE.csv:COLUMN, or folder") from None


def _numbered(group: Sequence[str | None]) -> NDArray[np.int64]:
    """Return ``(n,)`` numbers, the same where the group is; null is a number of its own."""
    number: dict[str | int, int] = {}
    return np.array(
        [
            number.setdefault(row if name is None else name, len(number))
            for row, name in enumerate(group)
        ],
        np.int64,
    )


def _together(*names: Sequence[str | None]) -> NDArray[np.int64] | None:
    """Return numbers ``(n,)`` that are the same where any of ``names`` are; null where there are none."""
    from scipy.sparse import block_array, coo_array
    from scipy.sparse.csgraph import connected_components

    if not names:
        return None
    whole, *others = map(_numbered, names)
    for other in others:
        count = max(whole.max(), other.max()) + 1
        links = coo_array((np.ones(len(whole)), (whole, other)), shape=(count, count))
        size = links.shape[0]
        graph = block_array([[None, links], [links.T, None]])
        whole = connected_components(graph, directed=False)[1][:size][whole].astype(np.int64)
    return whole


def _warn_of_copies(aside: Mask, copied: Sequence[str | None]) -> None:
    taught = {copy for copy, kept in zip(copied, aside, strict=True) if copy and not kept}
    both = sum(copy in taught for copy, kept in zip(copied, aside, strict=True) if kept)
    if both:
        warnings.warn(
            f"split.folders keeps {plural(both, 'picture')} aside whose file is also among those that "
            "teach; held-out figures flatter by that",
            stacklevel=2,
        )


def _refuse_both(aside: Mask, together: NDArray[np.int64], group: Sequence[str | None]) -> None:
    both = np.intersect1d(together[aside], together[~aside])
    if len(both):
        row = int(np.flatnonzero(together == both[0])[0])
        raise RecipeError(
            f"{len(both)} groups lie on both sides of split.folders, such as {group[row]!r}; "
            "move their pictures to one side, or leave split.folders out"
        )
