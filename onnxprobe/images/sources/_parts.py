"""Which part of a file is taken where it has several: a column, a dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from onnxprobe.errors import NoSuchNameError, PicturesError, quoted
from onnxprobe.images.places import Place

_NAMED: Final = 5
"""Parts without pictures that an error names."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A kind of part.

    Attributes:
        called: what users call one.
        wanted: what one that holds pictures is, for people.
    """

    called: str
    wanted: str

    def chosen(
        self, asked: str, found: Sequence[str], others: Mapping[str, str], place: Place
    ) -> str:
        """Return the part that was ``asked`` for, or the only one.

        Args:
            asked: by its name; empty for the only one.
            found: those that hold pictures.
            others: those that do not, each with what it is instead.
            place: of the file.

        Raises:
            PicturesError: there is none, or not just one and none was asked for.
            NoSuchNameError: what was asked for is not among those with pictures.
        """
        path = str(place.path)
        if asked:
            if asked not in found:
                raise NoSuchNameError(f"{self.called} of pictures in {path!r}", asked, found)
            return asked
        if not found:
            raise PicturesError(
                f"no {self.called} of {path!r} holds pictures; there is {_listed(others)}, and one of "
                f"pictures is {self.wanted}"
            )
        if len(found) > 1:
            raise PicturesError(
                f"several {self.called}s of {path!r} hold pictures: {quoted(found)}; choose one with "
                f"'{path}#{found[0]}'"
            )
        return found[0]


def _listed(others: Mapping[str, str]) -> str:
    named = ", ".join(f"{name!r} ({kind})" for name, kind in islice(others.items(), _NAMED))
    more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
    return f"{named}{more}" or "none"
