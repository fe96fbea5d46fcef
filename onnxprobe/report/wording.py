"""How names and figures are written, on the page and on the terminal."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from onnxprobe.errors import plural
from onnxprobe.report.reading import sequence

__all__ = ["counted", "listed", "percent", "plural", "prose", "score", "shape", "tail", "visible"]

# Control characters, line separators, lone surrogates, and the characters that turn the direction
# of the text around them (Boucher & Anderson 2021, arXiv:2111.00169).
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def visible(text: str) -> str:
    r"""Write what cannot be seen, or misleads, as escapes.

    >>> visible("cat" + chr(0x202E) + "gpj.exe" + chr(10))
    'cat\\u202egpj.exe\\u000a'
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def score(value: float | None) -> str:
    """Write a score to three places, a missing one as a dash."""
    return "–" if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Write a figure between −1 and 1 to two places, with its sign; a missing one as a dash.

    >>> signed(-0.914), signed(0.5)
    ('−0.91', '+0.50')
    """
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def percent(value: float | None) -> str:
    """Write a share of 1 as a percentage, a missing one as a dash."""
    return "–" if value is None else f"{value:.1%}"


def shape(dims: object) -> str:
    """Write a per-sample shape: ``1280×7×7``; unknown dimensions are ``?``."""
    return "×".join("?" if dim is None else str(dim) for dim in sequence(dims))


def counted(names: Iterable[str]) -> str:
    """Write names in one line, each once.

    >>> counted(["cuda:0", "cuda:0", "cuda:1"])
    'cuda:0 ×2, cuda:1'
    """
    return ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in Counter(names).items())


def prose(text: str) -> str:
    """Write what a docstring says in one line, without its marks.

    >>> prose("Share of ``n``   pictures.")
    'Share of n pictures.'
    """
    return " ".join(text.replace("``", "").split())


def listed(words: Sequence[str]) -> str:
    """Write ``1, 2 and 5``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def tail(text: str, width: int) -> str:
    """Keep the end of a text that is too long: of a tensor's name it is what tells it apart.

    >>> tail("/blocks/blocks.5/Add_output_0:std", 20)
    '…5/Add_output_0:std'
    """
    return text if len(text) <= width else f"…{text[-width + 1 :]}"
