"""Protobuf text format, read without a schema, each statement with its place in the text.

The places are what lets a ``config.pbtxt`` be changed in one statement and kept to the byte
otherwise, comments included. The grammar: https://protobuf.dev/reference/protobuf/textformat-spec/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onnxprobe.errors import PackageError


@dataclass(frozen=True, slots=True)
class Field:
    """One statement: a name and what it is set to.

    Attributes:
        name: of the field.
        values: words and numbers as they are written, strings as what they mean, messages as
            their fields; several where the statement has a list.
        start: where the statement begins in the text.
        end: where it ends.
    """

    name: str
    values: "tuple[str | Message, ...]"
    start: int
    end: int


Message = tuple[Field, ...]


def parse(text: str) -> Message:
    """Return the statements of ``text``.

    Raises:
        PackageError: it is not protobuf text format; the message names the line.
    """
    parser = _Parser(text)
    fields = parser.message(close="")
    return tuple(fields)


def all_of(message: Message, name: str) -> "tuple[str | Message, ...]":
    """Return every value that a message gives to ``name``, from however many statements."""
    return tuple(value for field in message if field.name == name for value in field.values)


def messages(message: Message, name: str) -> tuple[Message, ...]:
    """Return the values of ``name`` that are messages."""
    return tuple(value for value in all_of(message, name) if isinstance(value, tuple))


def text_of(message: Message, name: str) -> str:
    """Return the last value of ``name`` that is a string, word or number; empty where none is."""
    found = [value for value in all_of(message, name) if isinstance(value, str)]
    return found[-1] if found else ""


def quote(text: str) -> str:
    r"""Write a string as text format does.

    >>> print(quote('a "b"'))
    "a \"b\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


_TOKEN: Final = re.compile(
    r"""(?P<space>(?:\s+|\#[^\n]*)+)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[-+]?[\w.+-]+)
      | (?P<mark>[{}<>\[\]:,;/])""",
    re.VERBOSE,
)
_CLOSES: Final = {"{": "}", "<": ">"}
_ESCAPE: Final = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN: Final = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def message(self, close: str) -> Iterator[Field]:
        """Yield the fields up to ``close``, which is passed over."""
        while self._now != close:
            if self._now in ",;":
                self._next()
                continue
            yield self._field()
        if close:
            self._next()

    def _field(self) -> Field:
        start, name = self._place, self._name()
        colon = self._now == ":"
        if colon:
            self._next()
        unexpected = self._unexpected()
        values = tuple(self._list() if self._now == "[" else (self._value(),))
        if not colon and not all(isinstance(each, tuple) for each in values):
            raise unexpected  # messages alone go without a colon
        return Field(name, values, start, self._ended)

    def _name(self) -> str:
        if self._now == "[":  # an extension
            self._next()
            parts = iter(self._next, "]")
            return f"[{''.join(parts)}]"
        if not re.fullmatch(r"[A-Za-z_]\w*", self._now):
            raise self._unexpected()
        return self._next()

    def _list(self) -> "Iterator[str | Message]":
        self._next()
        while self._now != "]":
            if self._now == ",":
                self._next()
                continue
            yield self._value()
        self._next()

    def _value(self) -> "str | Message":
        token = self._now
        if token in _CLOSES:
            self._next()
            return tuple(self.message(_CLOSES[token]))
        if token[:1] in "\"'" and token:
            return b"".join(_meant(part) for part in self._strings()).decode(errors="replace")
        if not re.match(r"[\w.+-]", token):
            raise self._unexpected()
        return self._next()

    def _strings(self) -> Iterator[str]:
        while self._now and self._now[0] in "\"'":
            yield self._next()

    @property
    def _now(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _place(self) -> int:
        return self._tokens[self._at][1]

    @property
    def _ended(self) -> int:
        text, start = self._tokens[self._at - 1]
        return start + len(text)

    def _next(self) -> str:
        token = self._now
        if not token:
            raise self._unexpected()
        self._at += 1
        return token

    def _unexpected(self) -> PackageError:
        return _unexpected(self._text, self._place, self._now)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield each token with its place; an empty one at the end."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unexpected(text, at, text[at])
        if found.lastgroup != "space":
            yield found[0], at
        at = found.end()
    yield "", at


def _meant(quoted: str) -> bytes:
    return _ESCAPE.sub(_unescaped, quoted[1:-1].encode())


def _unescaped(found: re.Match[bytes]) -> bytes:
    said = found[1]
    if said[:1] == b"x":
        return bytes([int(said[1:], 16)])
    if said[:1] == b"u" and len(said) > 1:
        return chr(int(said[1:], 16)).encode()
    if said.isdigit():
        return bytes([int(said, 8) & 0xFF])
    return _PLAIN.get(said, said)


def _unexpected(text: str, place: int, token: str) -> PackageError:
    line = text.count("\n", 0, place) + 1
    what = repr(token) if token else "the end"
    return PackageError(f"line {line}: {what} is not what protobuf text format has here")
