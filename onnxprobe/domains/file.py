"""The file in which people say what they want of domains: ``domains.yaml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from onnxprobe.atomic import replacing
from onnxprobe.domains.edits import EDITS, Edit
from onnxprobe.errors import DomainError, quoted

NAME: Final = "domains.yaml"
_HEAD: Final = """\
# What was said of the domains of this run, in order. Edit it, then: onnxprobe domains RUN apply
#   - rename: domain 3        - merge: [domain 1, domain 4]    - split: domain 5
#     to: flags                 as: animals                      as: [left, right]
#   - drop: [domain 6]        - keep: [flags, animals]
"""


def read_edits(folder: Path) -> tuple[Edit, ...]:
    """Return what the file in ``folder`` says; nothing where there is none.

    Raises:
        DomainError: it is not YAML, or says something else.
    """
    path = folder / NAME
    if not path.is_file():
        return ()
    try:
        said = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DomainError(f"{str(path)!r} is not YAML: {' '.join(str(error).split())}") from None
    if said is None:
        return ()
    if not isinstance(said, list):
        raise DomainError(f"{str(path)!r} is a list of edits, one '- ' each, not {said!r:.60}")
    return tuple(_edit(entry, number, path) for number, entry in enumerate(said, 1))


def write_edits(edits: Sequence[Edit], folder: Path) -> None:
    """Write the file; :func:`read_edits` gives the same edits."""
    entries = [edit.entry() for edit in edits]
    body = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=1000) if edits else ""
    with replacing(folder / NAME) as temporary:
        temporary.write_text(_HEAD + body, "utf-8")


def _edit(entry: Any, number: int, path: Path) -> Edit:
    known = [name for name in EDITS if isinstance(entry, dict) and name in entry]
    if len(known) != 1:
        raise DomainError(
            f"entry {number} of {str(path)!r} says one of {quoted(EDITS)}, not {entry!r:.60}"
        )
    try:
        return EDITS[known[0]].read(entry)
    except DomainError as error:
        raise DomainError(f"entry {number} of {str(path)!r}: {error}") from None
