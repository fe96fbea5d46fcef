"""Where the pictures of a run were embedded, how fast, and what that waited for."""

from collections.abc import Mapping
from typing import Any

from onnxprobe.report.html.markup import Html
from onnxprobe.report.html.tables import pairs_table
from onnxprobe.report.reading import mapping, number, sequence
from onnxprobe.report.wording import counted, plural


def worked(run: Mapping[str, Any]) -> Html | None:
    """List what ``run.json`` says of it; nothing where it does not."""
    done = [mapping(one) for one in sequence(run.get("sessions"))]
    if not done:
        return None
    last = done[-1]
    busy = [
        f"{stage} {number(share) or 0:.0%}" for stage, share in mapping(last.get("busy")).items()
    ]
    pictures = sum(int(number(one.get("pictures")) or 0) for one in done)
    said = {
        "ran on": counted(map(str, sequence(last.get("ran_on")))),
        "precision": str(last.get("precision") or "not recorded"),
        "pictures": f"{pictures:,} in {plural(len(done), 'session')}",
        "pictures a second": f"{number(last.get('rate')) or 0:,.1f}",
        "threads busy": ", ".join(busy),
    }
    return pairs_table("Embedding", said)
