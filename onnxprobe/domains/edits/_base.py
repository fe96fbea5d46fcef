"""What an edit is, and how one is asked for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self

from onnxprobe.domains.grouping import Grouping, Mask
from onnxprobe.errors import DomainError, plural

Parted = Callable[[str, Mask, Sequence[str]], Sequence[Mask]]
"""Parts the rows ``member`` ``(n,)`` by their vectors in a view: one mask ``(n,)`` for each name."""


class Edit(Protocol):
    """One thing that was said of domains, which it calls by their names."""

    @property
    def about(self) -> tuple[str, ...]:
        """Names of the domains that must be there."""

    @property
    def made(self) -> tuple[str, ...]:
        """Names that are new."""

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:
        """Return the groups as they are after it.

        Raises:
            NoSuchNameError: a domain is not there.
            DomainError: it cannot be done.
        """

    def without(self, names: Collection[str]) -> Self | None:
        """Return what remains of it where some domains are not there; none where nothing does."""

    def entry(self) -> dict[str, Any]:
        """Return it as the file says it."""


@dataclass(frozen=True, slots=True)
class Several:
    """An edit of one domain or more, which is made of those that are there.

    Attributes:
        domains: names of theirs.
    """

    domains: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The domains."""
        return self.domains

    def without(self, names: Collection[str]) -> Self | None:
        """Return the same for the domains that are there."""
        rest = tuple(name for name in self.domains if name not in names)
        return replace(self, domains=rest) if rest else None


@dataclass(frozen=True, slots=True)
class Choosing(Several):
    """An edit that says of some domains whether they are to be there."""

    word: ClassVar[str]

    @property
    def made(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def entry(self) -> dict[str, Any]:
        """Return the word for the edit, and the domains."""
        return {self.word: list(self.domains)}

    @classmethod
    def of(cls, asked: "Asked") -> Self:
        """Make it from what was asked."""
        asked.at_least(1, "one domain or more")
        asked.without("--as", "--into")
        return cls(asked.domains())

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """Make it from an entry of the file."""
        return cls(texts(entry, cls.word))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wrote behind the name of an edit.

    Attributes:
        grouping: the domains at that time.
        words: domains by name or id, and new names, as they came.
        called: names for what is new, where any were given.
        into: how many parts, where that was said.
    """

    grouping: Grouping
    words: tuple[str, ...]
    called: tuple[str, ...] = ()
    into: int | None = None

    def domains(self) -> tuple[str, ...]:
        """Return the names of the domains that ``words`` mean, each once.

        Raises:
            NoSuchNameError: one is not there.
        """
        return tuple(dict.fromkeys(map(self.grouping.meant, self.words)))

    def exactly(self, count: int, wanted: str) -> None:
        """Check that there are ``count`` words.

        Raises:
            DomainError: there are not.
        """
        if len(self.words) != count:
            raise DomainError(f"it takes {wanted}, not {plural(len(self.words), 'word')}")

    def without(self, *options: str) -> None:
        """Check that none of ``options`` was given, which are ``--as`` and ``--into``.

        Raises:
            DomainError: one was, and it would have meant nothing.
        """
        given = {"--as": bool(self.called), "--into": self.into is not None}
        for option in options:
            if given[option]:
                raise DomainError(f"it takes no {option}")

    def at_least(self, count: int, wanted: str) -> None:
        """Check that ``count`` domains are meant, or more.

        Raises:
            DomainError: they are fewer.
        """
        if len(self.domains()) < count:
            raise DomainError(f"it takes {wanted}, not {len(self.domains())}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of edit.

    Attributes:
        name: the word for it, on the command line and in the file.
        usage: what is written behind it.
        of: makes it from what was asked; raises ``DomainError`` or ``NoSuchNameError``.
        read: makes it from an entry of the file; raises ``DomainError``.
    """

    name: str
    usage: str
    of: Callable[[Asked], Edit]
    read: Callable[[Mapping[str, Any]], Edit]


def texts(entry: Mapping[str, Any], key: str, *, least: int = 1) -> tuple[str, ...]:
    """Return the names that an entry of the file lists under ``key``; one may stand alone.

    Raises:
        DomainError: it lists fewer than ``least``, or something else.
    """
    said = entry.get(key)
    names = said if isinstance(said, list) else [said]
    if not all(isinstance(name, str) for name in names) or len(names) < least:
        wanted = "a name" if least == 1 else f"a list of {least} names or more"
        raise DomainError(f"{key!r} takes {wanted}, not {said!r}; write numbers in quotes")
    return tuple(names)


def text(entry: Mapping[str, Any], key: str) -> str:
    """Return the one name that an entry of the file has under ``key``.

    Raises:
        DomainError: it has none, or several.
    """
    names = texts(entry, key)
    if len(names) != 1:
        raise DomainError(f"{key!r} takes one name, not {list(names)}")
    return names[0]
