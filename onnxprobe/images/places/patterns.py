"""Patterns of file names."""

import re


def regex_of(pattern: str) -> re.Pattern[str]:
    """Return what a pattern means, as a regular expression; ``**`` is any number of folders."""
    meanings = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    choices = (p.replace("[!", "[^") if p.startswith("[") else re.escape(p) for p in pieces)
    return re.compile(
        "".join(meanings.get(p, c) for p, c in zip(pieces, choices, strict=True)), re.DOTALL
    )
