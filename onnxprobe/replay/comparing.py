"""Two answers to one request: what differs that a client can see, in words."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from onnxprobe.errors import quoted
from onnxprobe.replay.asking import Reply
from onnxprobe.replay.recording import Request

_LENGTH: Final = "inference-header-content-length"
"""Says how many bytes of an answer are JSON; those after it are numbers (the V2 protocol's binary
tensor data extension)."""
_AROUND: Final = 20
"""Bytes shown before and after the first that differs."""


def difference(request: Request, old: Reply, new: Reply) -> str:
    """Say what differs between two answers to ``request``; nothing where all is the same.

    Two answers are the same if their status, content type and every byte are. Left out is what
    differs from deployment to deployment by design: the value of ``model_version``, and ``id``
    where the client gave none and the server makes one up.
    """
    if old.status != new.status:
        return f"status {old.status} became {new.status}: {_shown(new.body[:80])}"
    types = [reply.headers.get("content-type", "none") for reply in (old, new)]
    if types[0] != types[1]:
        return f"content type {types[0]!r} became {types[1]!r}"
    before, after = (_plain(request, reply) for reply in (old, new))
    if before == after:
        return ""
    return _outputs(_json(old), _json(new)) or _bytes(before, after)


def _plain(request: Request, reply: Reply) -> bytes:
    """Return the body with the values that may differ taken out."""
    length = _json_length(reply)
    text, rest = reply.body[:length], reply.body[length:]
    said = _json(reply)
    ours = {"model_version"} if _names_itself(request, "id") else {"model_version", "id"}
    for name in sorted(ours & said.keys()):
        text = re.sub(rb'("%s"\s*:\s*)"[^"]*"' % name.encode(), rb"\1", text, count=1)
    return text + rest


def _names_itself(request: Request, name: str) -> bool:
    headers = {key.lower(): value for key, value in request.headers.items()}
    said = headers.get(_LENGTH, "")
    body = request.body[: int(said)] if said.isdecimal() else request.body
    return name in _object(body)


def _json_length(reply: Reply) -> int:
    said = reply.headers.get(_LENGTH, "")
    return int(said) if said.isdecimal() else len(reply.body)


def _json(reply: Reply) -> Mapping[str, Any]:
    return _object(reply.body[: _json_length(reply)])


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _outputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Say which outputs of the V2 protocol came, went, moved or changed."""
    before, after = _by_name(old), _by_name(new)
    if not before or not after:
        return ""
    come, gone = [n for n in after if n not in before], [n for n in before if n not in after]
    if come:
        return (
            f"also answers {quoted(come)}, which this client did not ask for by name; serve the new "
            "outputs under a model name of their own, and keep the old configuration"
        )
    if gone:
        return f"does not answer {quoted(gone)} any more"
    if list(before) != list(after):
        return f"answers {quoted(after)} in this order, which was {quoted(before)}"
    changed = [name for name, output in before.items() if after[name] != output]
    return f"output {changed[0]!r} is another" if changed else ""


def _by_name(said: Mapping[str, Any]) -> dict[str, Any]:
    outputs = said.get("outputs")
    if not isinstance(outputs, list):
        return {}
    return {str(o.get("name")): o for o in outputs if isinstance(o, dict)}


def _bytes(old: bytes, new: bytes) -> str:
    lengths = f"{len(old)} bytes" + (f" became {len(new)}" if len(old) != len(new) else "")
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    start = max(0, at - _AROUND)
    there = [_shown(body[start : at + _AROUND]) for body in (old, new)]
    return f"{lengths}, different from byte {at} on: {there[0]} became {there[1]}"


def _shown(body: bytes) -> str:
    return repr(body.decode("utf-8", "backslashreplace"))
