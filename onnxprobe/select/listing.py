"""What was chosen, as a list that can be read again."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from onnxprobe.atomic import replacing
from onnxprobe.errors import NoSuchNameError, SelectionError
from onnxprobe.images import Source
from onnxprobe.images.names import printable, to_bytes
from onnxprobe.images.places import is_url
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.backbone import started_in
from onnxprobe.select._base import Chosen, Pool


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was chosen.

    Attributes:
        path: its name in the source of the run.
        domains: names of all domains that it is in.
        score: as the way explains it; null where it has none.
    """

    path: str
    domains: tuple[str, ...]
    score: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Pictures in the order in which they were chosen.

    Attributes:
        pictures: that were chosen.
        images: where they come from, as a path, a pattern or a URL.
    """

    pictures: tuple[Picture, ...] = field(repr=False)
    images: str

    @classmethod
    def of(cls, pool: Pool, chosen: Chosen) -> "Listed":
        """Look up what was chosen of ``pool``."""
        rows, names = pool.rows[chosen.places], pool.domains.grouping.names
        member, paths = pool.domains.grouping.member, pool.store.paths
        pictures = tuple(
            Picture(
                str(paths[row]),
                tuple(names[k] for k in np.flatnonzero(member[row])),
                None if np.isnan(score) else round(float(score), 6),
            )
            for row, score in zip(rows, chosen.score, strict=True)
        )
        return cls(pictures, started_in(pool.run).images)

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def lines(self) -> list[str]:
        """A line a picture: the file itself where there is one, else its name in the source."""
        base = Path(self.images)
        base = base if base.is_dir() else base.parent
        return [_line(base, picture.path) for picture in self.pictures]

    @property
    def files(self) -> bool:
        """Whether every line is a file, so that the list is a source of pictures."""
        return all(is_url(line) or Path(line).is_absolute() for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON says."""
        return {
            "images": self.images,
            "pictures": [
                {
                    "path": printable(picture.path),
                    "domains": list(picture.domains),
                    "score": picture.score,
                }
                for picture in self.pictures
            ],
        }


def written(listed: Listed, path: str | Path) -> Path:
    """Write the list: ``.txt``, a line a picture, a source of pictures; ``.csv`` and ``.json`` say more.

    Raises:
        NoSuchNameError: the ending is another.
        SelectionError: a name has a line break in it, and the list would have a line a picture.
    """
    path = Path(path)
    if path.suffix not in FORMS:
        raise NoSuchNameError("form of list", path.suffix, FORMS)
    with replacing(path) as temporary:
        temporary.write_bytes(FORMS[path.suffix](listed))
    return path


def copied(
    listed: Listed, source: Source, folder: str | Path, *, progress: Progress = silent
) -> Listed:
    """Copy the pictures to ``folder``, which must be new or empty, and return a list of the copies.

    They have the names that they have in the source.

    Raises:
        SelectionError: there is something in it, a name leads out of it or is that of two, or a
            picture cannot be read.
        OSError: one cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SelectionError(f"{str(folder)!r} is there already; name a new folder")
    copies = []
    for done, picture in enumerate(listed.pictures, 1):
        name = picture.path.replace("://", "/").lstrip("/")
        target = folder / name
        if ".." in target.relative_to(folder).parts:
            raise SelectionError(f"{printable(picture.path)!r} leads out of {str(folder)!r}")
        if target.exists():
            raise SelectionError(
                f"two of the pictures would be copied to {printable(str(target))!r}"
            )
        data = _data(source, picture.path, listed.images)
        with replacing(target) as temporary:
            temporary.write_bytes(data)
        copies.append(replace(picture, path=name))
        progress("copying", done, len(listed))
    return Listed(tuple(copies), str(folder.resolve()))


def _data(source: Source, name: str, images: str) -> bytes:
    try:
        return source.read(name)
    except OSError:
        raise SelectionError(
            f"{printable(name)!r} cannot be read from {images!r}, where the run found it; put it back "
            "there, or leave out --pictures"
        ) from None


def _line(base: Path, name: str) -> str:
    if is_url(name):
        return name
    file = base / name
    return str(file.resolve()) if file.is_file() else name


def _text(listed: Listed) -> bytes:
    broken = next((line for line in listed.lines if "\n" in line or "\r" in line), None)
    if broken is not None:
        raise SelectionError(f"{broken!r} does not fit on a line; write a .csv or a .json")
    return b"".join(to_bytes(line) + b"\n" for line in listed.lines)


def _csv(listed: Listed) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "domains", "score"))
    for picture in listed.pictures:
        score = "" if picture.score is None else picture.score
        writer.writerow((printable(picture.path), "; ".join(picture.domains), score))
    return text.getvalue().encode()


def _json(listed: Listed) -> bytes:
    return (json.dumps(listed.to_json(), indent=2) + "\n").encode()


FORMS: Final[dict[str, Callable[[Listed], bytes]]] = {".txt": _text, ".csv": _csv, ".json": _json}
"""How a list is written, by the ending of its file."""
