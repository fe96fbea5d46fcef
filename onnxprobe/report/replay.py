"""What came of a replayed recording, on a terminal."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from onnxprobe.errors import plural
from onnxprobe.replay import Outcome, Replay
from onnxprobe.report.wording import visible

_REFUSED: Final = 400
"""From here on, a status of HTTP says that a request was not served."""


def replay_table(found: Replay) -> RenderableType:
    """Draw one row a request, and whether a client can go on with the new server."""
    table = Table("request", "status", "bytes", "new server", box=None, padding=(0, 2, 0, 0))
    for outcome in found.outcomes:
        table.add_row(*map(Text, _row(outcome)))
    return Group(table, Text(), *map(Text, _words(found)))


def _words(found: Replay) -> list[str]:
    differing = sum(bool(outcome.difference) for outcome in found.outcomes)
    refused = sum(outcome.status >= _REFUSED for outcome in found.outcomes)
    count = plural(len(found.outcomes), "answer")
    said = [f"{differing} of {count} differ" if differing else f"{count}: all the same"]
    if refused:
        said.append(
            f"{refused} of them: the old server refused the request, so it says little about the new"
        )
    return said


def _row(outcome: Outcome) -> tuple[str, ...]:
    said = visible(str(outcome)) or "the same"
    return visible(outcome.request), str(outcome.status), f"{outcome.bytes:,}", said
