"""A source that is gone: told from pictures that are, before millions are recorded as missing."""

from collections.abc import Iterable, Iterator
from typing import Final

from onnxprobe.embed.stop import NEVER, Stop, StoppedError, unless
from onnxprobe.embed.stream import Batch
from onnxprobe.errors import StoreError
from onnxprobe.images import MAX_PIXELS, Source, Status, TooLongError, longest, reads_at_once
from onnxprobe.waiting import together

IN_A_ROW: Final = 500
"""Pictures that cannot be read, one after the other, before the source is asked for others."""
ASKED: Final = 32
"""Pictures from all over the source, of which one that can be read shows that it is there."""


def while_there(batches: Iterable[Batch], source: Source, asked: Stop = NEVER) -> Iterator[Batch]:
    """Yield ``batches``, of which those without one readable picture wait for one that has.

    A folder of pictures that are gone is no accident where they are taken in order; a source of
    which nothing can be read any more is gone itself.

    Args:
        batches: in the order in which they are made.
        source: what they are read from.
        asked: tells when to stop; what is waited for is then not yielded.

    Raises:
        StoreError: ``IN_A_ROW`` pictures could not be read, nor any of ``ASKED`` others. They were
            not yielded, so that they are still to be made.
    """
    waiting: list[Batch] = []
    for batch in batches:
        waiting.append(batch)
        if any(outcome.status is not Status.MISSING for outcome in batch.outcomes):
            yield from waiting
            waiting = []
        count = sum(len(held.outcomes) for held in waiting)
        if count < IN_A_ROW:
            continue
        try:
            there = unless(asked, lambda: _there(source))
        except StoppedError:
            return
        if not there:
            raise StoreError(
                f"{count} pictures in a row could not be read ({batch.outcomes[-1].error}), so "
                f"{str(source.path)!r} seems to be gone; what is done is kept: give the same "
                "command again when it is back"
            )
        yield from waiting
        waiting = []
    yield from waiting


def _there(source: Source) -> bool:
    """Whether one of some pictures, evenly spread over all, can be read."""
    step = max(1, len(source.names) // ASKED)
    names = [source.names[row] for row in range(0, len(source.names), step)]
    return any(together(lambda name: _reads(source, name), names, at_once=reads_at_once(source)))


def _reads(source: Source, name: str) -> bool:
    try:
        source.read(name, longest(MAX_PIXELS))
    except (TooLongError, MemoryError):
        return True
    except OSError:
        return False
    return True
