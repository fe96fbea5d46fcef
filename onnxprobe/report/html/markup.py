"""Markup that escapes by construction: text becomes HTML only through ``tag``.

File names come from strangers. Text is made visible (control and direction-changing characters are
written as escapes) and then escaped; only what ``tag`` itself built passes as markup.
"""

import html
import json
import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from onnxprobe.report.wording import visible

VOID: Final = frozenset({"br", "col", "img", "input", "meta", "wbr"})
_JOINTS: Final = re.compile(r"(?=[.:/])")


class Html(str):
    """Markup that ``tag`` has built; any other string is text."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content] | None"


def markup(content: Content) -> Html:
    """Join content into markup; text in it is escaped."""
    if content is None:
        return Html()
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return Html(html.escape(visible(content)))
    return Html("".join(map(markup, content)))


def tag(name: str, /, *content: Content, **attributes: str | bool | None) -> Html:
    """Build an element; ``class_`` and ``aria_label`` become ``class`` and ``aria-label``.

    Attributes that are None or False are left out, True ones stand alone.

    >>> tag("td", "<7>", class_="number")
    '<td class="number">&lt;7&gt;</td>'
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{head}>")
    return Html(f"<{name}{head}>{markup(content)}</{name}>")


def named(name: str) -> Html:
    """Write the name of a tensor or probe, which breaks between its parts where a line is too short.

    >>> named("blocks.5:std")
    '<code>blocks<wbr>.5<wbr>:std</code>'
    """
    parts = _JOINTS.split(name)
    return tag("code", parts[0], *((tag("wbr"), part) for part in parts[1:]))


def script_json(value: object) -> Html:
    """Write ``value`` as JSON that cannot end, or be read as, the script element it stands in.

    ASCII only, so lone surrogates and the line separators U+2028/2029 are escapes as well.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(text)


def _attribute(key: str, value: str | bool | None) -> str:  # noqa: FBT001 - an attribute's value
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{markup(value)}"'
