"""A source that is gone: told from pictures that are, before millions are recorded as missing."""

from collections.abc import Iterable, Iterator
from typing import Final

from onnxprobe.embed.stream import Batch
from onnxprobe.errors import StoreError
from onnxprobe.images import Source, Status

IN_A_ROW: Final = 500
"""Pictures that cannot be read, one after the other: in a shuffled order no accident, as long as
fewer than 19 of 20 are missing."""


def while_there(batches: Iterable[Batch], source: Source) -> Iterator[Batch]:
    """Yield ``batches``, of which those without one readable picture wait for one that has.

    Raises:
        StoreError: ``IN_A_ROW`` pictures could not be read. They were not yielded, so that they
            are still to be made.
    """
    waiting: list[Batch] = []
    for batch in batches:
        waiting.append(batch)
        if any(outcome.status is not Status.MISSING for outcome in batch.outcomes):
            yield from waiting
            waiting = []
        count = sum(len(held.outcomes) for held in waiting)
        if count >= IN_A_ROW:
            raise StoreError(
                f"{count} pictures in a row could not be read ({batch.outcomes[-1].error}), so "
                f"{str(source.path)!r} seems to be gone; what is done is kept: give the same "
                "command again when it is back"
            )
    yield from waiting
