"""Say what marks the domains of a run, in its ``run.json``."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from onnxprobe.describe.collect import collected
from onnxprobe.describe.labels import label_columns
from onnxprobe.describe.marks import Mark, marks
from onnxprobe.images import Source
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.edited import opened
from onnxprobe.recipe.findings import write_json
from onnxprobe.recipe.folder import RunFolder
from onnxprobe.recipe.publish import settled
from onnxprobe.store import Store

SAMPLE: Final = 20_000
"""Pictures that are compared, at most, where nobody says: the first, which are a fair sample."""


def describe(
    run: str | Path,
    source: Source | None,
    *,
    labels: str | Path | None = None,
    sample: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare the pictures of each domain with all others, and write to ``run.json`` what differs.

    What is compared: attributes of the files, columns of a table, and the channels of the view that
    the domain was found in. What is said is at least of medium size (see ``effects``), and at most
    1 % of all that is said is expected to be chance. A cause it need not be.

    Args:
        run: the folder of a run.
        source: the pictures; without them, only what was kept of an earlier look.
        labels: a CSV file with a column of paths and others; that of the last time if left out.
        sample: pictures that are compared, at most; as many as the last time if left out.
        progress: told how many pictures were looked at.

    Returns:
        What ``run.json`` says.

    Raises:
        StoreError: the folder is no finished run, or a file in it is broken.
        PicturesError: the labels cannot be read.
    """
    out = Path(run)
    settled(out)
    folder = RunFolder.read(out).with_facts("counts", "domains")
    entries = folder.run["domains"]
    if not entries:
        return dict(folder.run)
    store = opened(out, sum(folder.run["counts"].values()))
    before = folder.run.get("described") or {}
    sample = sample or before.get("sample") or SAMPLE
    rows = slice(0, min(sample, len(folder.groups)))
    paths = [str(path) for path in store.paths[rows]]
    columns = dict(collected(out / "cache", source, paths, progress=progress))
    labels = _labels(labels, before)
    if labels is not None:
        columns |= label_columns(labels, paths)
    found = marks(
        columns,
        _channels(store, [entry["view"] for entry in entries], rows),
        folder.groups.domains.dense(len(entries))[rows],
        [entry["view"] for entry in entries],
    )
    facts = {
        **folder.run,
        "described": {
            "pictures": len(paths),
            "sample": sample,
            "labels": None if labels is None else str(labels.resolve()),
        },
        "domains": [
            {**entry, "marks": [asdict(mark) for mark in own], "description": description(own)}
            for entry, own in zip(entries, found, strict=True)
        ],
    }
    write_json(facts, out / "run.json")
    return facts


def description(found: tuple[Mark, ...]) -> str:
    """Say in a line what marks a domain; nothing where only channels do."""
    return ", ".join(dict.fromkeys(mark.words for mark in found if mark.what != "channel"))


def _labels(said: str | Path | None, before: Mapping[str, Any]) -> Path | None:
    """Return the table that is named, or else the one of the last time, if it is still there."""
    if said is not None:
        return Path(said)
    last = before.get("labels")
    return Path(last) if last and Path(last).is_file() else None


def _channels(store: Store, views: list[str], rows: slice) -> Mapping[str, np.ndarray]:
    return {view: store.embeddings(view, rows) for view in dict.fromkeys(views)}
