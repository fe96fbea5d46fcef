"""Pictures into the slots of a batch."""

from concurrent.futures import Future
from dataclasses import dataclass
from time import thread_time
from typing import Any

from numpy.typing import NDArray

from onnxprobe.embed.ahead import Ahead, Read
from onnxprobe.images import Preprocess, Status, TooLongError
from onnxprobe.store.ledger import Outcome, hash_of


@dataclass(frozen=True, slots=True)
class Fetch:
    """Decodes what was read into its slots; a slot without a picture is all zeros."""

    ahead: Ahead
    preprocess: Preprocess
    max_pixels: int

    def __call__(
        self, files: Future[list[Read]], slots: NDArray[Any]
    ) -> list[tuple[Outcome, float]]:
        """Return what became of each, and the seconds that it took, without waiting for a core."""
        return [self._one(file, slot) for file, slot in zip(files.result(), slots, strict=False)]

    def _one(self, file: Read, slot: NDArray[Any]) -> tuple[Outcome, float]:
        began = thread_time()
        outcome = self._decoded(file.data, slot) if file.error is None else _unread(file.error)
        if outcome.status is not Status.OK:
            slot[...] = 0
        self.ahead.taken(file)
        return outcome, file.seconds + thread_time() - began

    def _decoded(self, data: bytes, slot: NDArray[Any]) -> Outcome:
        found = self.preprocess.decode(data, max_pixels=self.max_pixels)
        if found.pixels is not None:
            self.preprocess(found.pixels, slot)
        return Outcome(
            found.status, found.width, found.height, len(data), hash_of(data), found.error
        )


def _unread(error: OSError | MemoryError) -> Outcome:
    if isinstance(error, TooLongError):
        return Outcome(Status.TOO_LARGE, size=error.size, error=str(error))
    if isinstance(error, MemoryError):
        return Outcome(Status.MISSING, error="it does not fit into memory")
    return Outcome(Status.MISSING, error=error.strerror or str(error))
