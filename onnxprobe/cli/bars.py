"""Progress bars on stderr, one for each stage that reports."""

from collections.abc import Iterator
from contextlib import contextmanager

from onnxprobe.progress import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Yield a callback that draws a bar a stage, while the context lasts."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Drawing
    from rich.text import Text

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    drawing, tasks = Drawing(*columns, console=Console(stderr=True)), {}

    def progress(stage: str, done: int, total: int | None) -> None:
        drawing.start()  # with the first stage: an error before it is the only line
        if stage not in tasks:
            tasks[stage] = drawing.add_task(Text(stage).markup, total=total)
        drawing.update(tasks[stage], completed=done, total=total)

    try:
        yield progress
    finally:
        if tasks:
            drawing.stop()
