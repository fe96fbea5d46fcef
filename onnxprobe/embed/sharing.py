"""Several processes on one store: each makes the shards that no other is making."""

from collections.abc import Iterator
from pathlib import Path

from onnxprobe.store.header import Header
from onnxprobe.store.lock import Held
from onnxprobe.store.resume import Found, lacking, look, unfinished
from onnxprobe.store.top import folder_of


class Share:
    """This process's share of a store, taken a shard at a time.

    Attributes:
        found: what the store holds, as far as this process knows.
    """

    def __init__(self, path: Path, header: Header, found: Found) -> None:
        self.found = found
        self._path, self._header = path, header
        self._held = Held(folder_of(path))

    def free(self) -> Iterator[range]:
        """Yield the rows still to be made of shards that nobody is making, batch by batch.

        Such a shard is ours from then on, until :meth:`rest`.
        """
        for number in unfinished(self._header, self.found):
            if self._held.take(number):
                look(self._path, self._header, self.found, number)  # it may have been made since
                yield from lacking(self._header, self.found, number)

    def rest(self) -> None:
        """Give back what is ours, and look what others have made."""
        self._held.give_back()
        for number in unfinished(self._header, self.found):
            look(self._path, self._header, self.found, number)
