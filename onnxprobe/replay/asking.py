"""Asking a server, with the standard library alone."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from onnxprobe.errors import ServerError
from onnxprobe.replay.recording import Request


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    Attributes:
        status: of HTTP, e.g. 200.
        headers: their names in lower case.
        body: every byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def address(url: str) -> SplitResult:
    """Read where a server is.

    Raises:
        ServerError: it is no address of an HTTP server.
    """
    parts = urlsplit(url if "//" in url else f"http://{url}")
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise ServerError(f"{url!r} is no address of a server; write it as http://127.0.0.1:8000")
    return parts


def ask(server: SplitResult, request: Request, *, timeout: float) -> Reply:
    """Send ``request``; wait ``timeout`` seconds at most for every part of the answer.

    Raises:
        ServerError: nobody answers there, or not in time, or not in HTTP.
    """
    secure = server.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(server.hostname or "", server.port, timeout=timeout)
    path = server.path.rstrip("/") + request.path
    try:
        connection.request(request.method, path, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, headers, answer.read())
    except TimeoutError:
        where = f"{server.scheme}://{server.netloc}"
        said = f"{where} did not answer {request} within {timeout:g} seconds"
        raise ServerError(f"{said}; allow more with --timeout") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        where, said = f"{server.scheme}://{server.netloc}", str(error) or type(error).__name__
        raise ServerError(f"{where} did not answer {request}: {said}") from error
    finally:
        connection.close()
