"""Groups of pictures with names: what edits are made to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import DomainError, NoSuchNameError

Mask = NDArray[np.bool_]

_NUMBERED: Final = re.compile(r"domain (0|[1-9]\d*)|component [1-9]\d* [+−]")
"""What recipes call groups of which they know nothing but where they come in a row."""


@dataclass(frozen=True, slots=True)
class Group:
    """What a group is called and where it was found.

    Attributes:
        name: no two are the same.
        view: the probe it was found at.
        depth: where that is, 0 (the picture) to 1 (the answer); null where unknown.
        stability: 0 to 1; null where nobody looked, as for a group that people made.
    """

    name: str
    view: str
    depth: float | None = None
    stability: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """K groups of n pictures; they may overlap.

    Attributes:
        paths: n names of pictures.
        groups: K of them; the place of a group is its id.
        member: ``(n, K)`` bool.
    """

    paths: tuple[str, ...]
    groups: tuple[Group, ...]
    member: Mask

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """What the groups are called."""
        return tuple(group.name for group in self.groups)

    def place(self, name: str) -> int:
        """Return the id of the group called ``name``.

        Raises:
            NoSuchNameError: none is.
        """
        if name not in self.names:
            raise NoSuchNameError("domain", name, self.names)
        return self.names.index(name)

    def meant(self, said: str) -> str:
        """Return the name of the group that is meant by its name or its id.

        Raises:
            NoSuchNameError: none is.
        """
        if said.isdecimal() and said not in self.names and int(said) < len(self):
            return self.names[int(said)]
        return self.names[self.place(said)]

    def only(self, places: Sequence[int]) -> Self:
        """Return the groups at ``places`` alone."""
        groups = tuple(self.groups[place] for place in places)
        return replace(self, groups=groups, member=self.member[:, list(places)])

    def put(self, at: int, group: Group, member: Mask) -> Self:
        """Return the groups with one more, ``member`` ``(n,)``, at the place ``at``.

        Raises:
            DomainError: its name cannot be one, or another has it.
        """
        if group.name in self.names:
            raise DomainError(
                f"two domains cannot both be called {group.name!r}; merge them, or choose another "
                "name"
            )
        groups = (*self.groups[:at], allowed(group), *self.groups[at:])
        return replace(self, groups=groups, member=np.insert(self.member, at, member, axis=1))


def allowed(group: Group) -> Group:
    """Return ``group``, whose name can be one.

    Raises:
        DomainError: it cannot.
    """
    name = group.name
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise DomainError(
            f"a domain cannot be called {name!r}; a name has letters, and no space at its ends"
        )
    if name.isdecimal():
        raise DomainError(f"a domain cannot be called {name!r}; that is taken for an id")
    return group


def default_name(number: int) -> str:
    """Return what group ``number`` is called where nobody has named it.

    >>> default_name(3)
    'domain 3'
    """
    return f"domain {number}"


def is_default(name: str) -> bool:
    """Tell whether nobody has named a group that is called ``name``: it only has a number.

    >>> is_default("domain 3"), is_default("component 3 −"), is_default("domain 3.1")
    (True, True, False)
    """
    return _NUMBERED.fullmatch(name) is not None
