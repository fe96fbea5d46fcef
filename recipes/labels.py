"""Labels that pictures have: the folder that they lie in, or a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from onnxprobe.errors import PicturesError, RecipeError, quoted
from onnxprobe.recipe import Kept, Run
from recipes.embedding import Embedded
from recipes.grouped import Grouped

FEWEST: Final = 8
"""Pictures of a class from which it can be both taught and tested."""


@dataclass(frozen=True)
class Labels:
    """The class of each picture; those without one neither teach nor score.

    Attributes:
        file: a CSV file with columns ``path`` and ``label``; null for the folder of the picture.
        level: which folder of a path is the class: −1 the one it lies in, 0 the first.
        leave_out: classes whose pictures are treated as if they had no label.
    """

    file: str | None = None
    level: int = -1
    leave_out: tuple[str, ...] = ()

    def check(self) -> None:
        """Look whether the table is there, if there is to be one.

        Raises:
            RecipeError: it is not.
        """
        if self.file is not None:
            _table(self.file)

    def read(self, embedded: Embedded) -> Kept[Grouped]:
        """Return the classes of the pictures, by name.

        Raises:
            RecipeError: fewer than two classes, or one that is too small.
        """
        from onnxprobe.images.names import printable

        found = self._of(embedded.paths)
        labels = [None if label in self.leave_out else label for label in found]
        counts = Counter(label for label in labels if label is not None)
        names = sorted(counts)
        _check(names, counts, len(labels))
        column = {name: number for number, name in enumerate(names)}
        numbers = np.array([-1 if label is None else column[label] for label in labels])
        member = numbers[:, None] == np.arange(len(names))
        known = np.broadcast_to((numbers >= 0)[:, None], member.shape).copy()
        view = (next(iter(embedded.views.value)),) * len(names)
        grouped = Grouped(member, view, (None,) * len(names), tuple(map(printable, names)), known)
        return Kept(grouped, Run.key("labels", embedded.views.key, *map(repr, labels)))

    def _of(self, paths: Sequence[str]) -> list[str | None]:
        if self.file is None:
            return [_folder(path, self.level) for path in paths]
        from onnxprobe.images.names import printable

        table = _table(self.file)
        return [table.get(printable(path)) for path in paths]


def _table(file: str) -> dict[str, str]:
    from onnxprobe.rank.labels import read_labels

    try:
        return read_labels(file)
    except PicturesError as error:
        text = str(error).partition("; name the two")[0]
        raise RecipeError(f"{text}; name the file with --set labels.file=FILE.csv") from None


def _folder(path: str, level: int) -> str | None:
    folders = path.split("/")[:-1]
    return folders[level] if -len(folders) <= level < len(folders) else None


def _check(names: Sequence[str], counts: Counter[str], pictures: int) -> None:
    if len(names) < 2:  # noqa: PLR2004
        what = f"only the class {names[0]!r}" if names else "no class"
        raise RecipeError(
            f"the {pictures} pictures have {what}; put those of each class into a folder of its own, "
            "or name a table with --set labels.file=FILE.csv"
        )
    small = [name for name in names if counts[name] < FEWEST]
    if small:
        which = "class has" if len(small) == 1 else "classes have"
        raise RecipeError(
            f"{len(small)} {which} fewer than {FEWEST} pictures: {quoted(small[:6])}; add some, or "
            f"leave them out with --set labels.leave_out='[\"{small[0]}\", …]'"
        )
