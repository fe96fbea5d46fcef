"""What an old client asked: one request after the other, as a proxy or a script kept them."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from onnxprobe.errors import RecordingError
from onnxprobe.registry import Registry

_OF_ONE_HOP: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are about one connection rather than the request (RFC 9110, section 7.6.1), and those
that the library writes itself."""


_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client.

    Attributes:
        method: ``"GET"``, ``"POST"``, …
        path: what comes after the server's address, with the query.
        headers: as the client sent them, without those that are about its connection.
        body: as the client sent it.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Format:
    """A way recordings are written.

    Attributes:
        name: what it is called.
        matches: whether a text is written that way.
        requests: the requests in such a text; raises ``ValueError`` where it is damaged.
    """

    name: str
    matches: Callable[[str], bool]
    requests: Callable[[str], Iterator[Request]]


def read_recording(path: Path) -> tuple[Request, ...]:
    """Read the requests of a recording: a HAR file, or JSON lines.

    Raises:
        RecordingError: it is neither, damaged, or without a request.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise RecordingError(f"{str(path)!r} is no text; a recording is {_KINDS}") from None
    written = next((format_ for format_ in FORMATS.values() if format_.matches(text)), None)
    if written is None:
        raise RecordingError(f"{str(path)!r} is no recording; that is {_KINDS}")
    try:
        found = tuple(written.requests(text))
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        said = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise RecordingError(f"{str(path)!r} cannot be read as {written.name}: {said}") from None
    if not found:
        raise RecordingError(f"{str(path)!r} holds no request; record one first")
    return found


def _lines(text: str) -> Iterator[Request]:
    for number, line in enumerate(text.split("\n"), start=1):  # a string may hold other breaks
        if not line.strip():
            continue
        try:
            yield _of_line(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            said = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"line {number}: {said}") from None


def _of_line(said: Mapping[str, Any]) -> Request:
    body, coded = said.get("body", ""), said.get("body_base64")
    if coded is not None:
        return _request(said["method"], said["path"], said.get("headers", {}), _decoded(coded))
    text = body if isinstance(body, str) else json.dumps(body)
    return _request(said["method"], said["path"], said.get("headers", {}), text.encode())


def _har(text: str) -> Iterator[Request]:
    for entry in json.loads(text)["log"]["entries"]:
        asked = entry["request"]
        url, headers = urlsplit(asked["url"]), {h["name"]: h["value"] for h in asked["headers"]}
        path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
        body = _posted(asked.get("postData") or {}, asked.get("bodySize", -1))
        yield _request(asked["method"], path, headers, body)


def _posted(said: Mapping[str, str], size: int) -> bytes:
    """Return a body of ``size`` bytes, -1 where that is not known.

    HAR 1.2 has text only. For other bytes some recorders write base64 and say so; mitmproxy writes
    a character a byte, or what is no UTF-8 as surrogates, which ``size`` tells apart.
    """
    text = said.get("text", "")
    if said.get("encoding") == "base64":
        return _decoded(text)
    bodies = [text.encode("utf-8", "surrogateescape")]
    if all(ord(character) < _BYTES for character in text):
        bodies.append(text.encode("latin-1"))
    fitting = [body for body in bodies if len(body) == size] if size >= 0 else bodies
    if not fitting:
        raise ValueError(
            f"a body of {size} bytes was written down as {len(bodies[0])}; record it as JSON lines "
            "with 'body_base64'"
        )
    return fitting[0]


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Request:
    if not path.startswith("/"):
        raise ValueError(f"a path begins with '/', not {path!r}")
    odd = next((name for name, value in headers.items() if not isinstance(value, str)), None)
    if odd is not None:
        raise ValueError(f"the header {odd!r} is text, not {headers[odd]!r}")
    # HTTP/2 writes method and path among the headers, with a colon in front
    kept = {n: v for n, v in headers.items() if n.lower() not in _OF_ONE_HOP and n[:1] != ":"}
    return Request(method.upper(), path, kept, body)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _is_har(text: str) -> bool:
    return text.lstrip().startswith("{") and '"log"' in text[:200] and not _is_request(text)


def _is_request(text: str) -> bool:
    """Tell whether the first line is a request of its own, whatever is in its body."""
    try:
        said = json.loads(text.lstrip().partition("\n")[0])
    except ValueError:
        return False
    return isinstance(said, dict) and "method" in said


def _is_lines(text: str) -> bool:
    return text.lstrip().startswith("{") or not text.strip()


FORMATS: Final = Registry(
    "recording format", [Format("HAR", _is_har, _har), Format("JSON lines", _is_lines, _lines)]
)
_KINDS: Final = "a HAR file, or lines of JSON with 'method', 'path', 'headers' and 'body'"
