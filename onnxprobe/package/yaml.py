"""Writing YAML: mappings, lists, strings, numbers, nothing more; strings as JSON has them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_BARE: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z_][\w-]*", re.IGNORECASE | re.ASCII
)
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML wants escaped and JSON does not."""


def as_yaml(value: Mapping[str, Any]) -> str:
    """Write a mapping as YAML, in its own order.

    >>> print(as_yaml({"flavors": {"onnx": {"data": "model.onnx"}}, "args": ["serve", 1]}), end="")
    flavors:
      onnx:
        data: "model.onnx"
    args:
      - "serve"
      - 1
    """
    return "".join(f"{line}\n" for line in _mapping(value))


def _mapping(value: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in value.items():
        if inner and isinstance(inner, Mapping):
            yield f"{_key(key)}:"
            yield from (f"  {line}" for line in _mapping(inner))
        elif inner and isinstance(inner, list | tuple):
            yield f"{_key(key)}:"
            yield from (f"  {line}" for item in inner for line in _item(item))
        else:
            yield f"{_key(key)}: {_scalar(inner)}"


def _item(value: Any) -> Iterator[str]:
    if not value or not isinstance(value, Mapping):
        yield f"- {_scalar(value)}"
        return
    for index, line in enumerate(_mapping(value)):
        yield f"{'  ' if index else '- '}{line}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _scalar(key)


def _scalar(value: Any) -> str:
    # JSON would write what is beyond 16 bits as a pair of escapes, which YAML reads as two
    said = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", said)
