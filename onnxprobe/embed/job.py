"""What a store is to hold."""

from dataclasses import dataclass
from pathlib import Path

from onnxprobe.embed.network import Loader
from onnxprobe.errors import StoreError
from onnxprobe.images import Source, Status
from onnxprobe.store.channels.tree import Tree
from onnxprobe.store.header import Header
from onnxprobe.store.manifest import Manifest


class UnfinishedError(StoreError):
    """The work was stopped before everything was made; what is made is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a store is to hold, and where it is from.

    Attributes:
        path: of the store; its shards lie in ``folder_of(path)``.
        header: what the rows depend on.
        order: of the pictures.
        target: how many of them are wanted.
        source: the pictures.
        widths: length of the vectors of each output that is kept.
        network: loads what runs them; called only where something is missing.
        stage: what the work is called where progress is told.
        tree: is shown every full shard that is made.
        retry: pictures of these statuses are tried again.
        join: whether other processes may work on the store as well.
        called: what users know the store by, where that is not ``path``.
    """

    path: Path
    header: Header
    order: Manifest
    target: int
    source: Source
    widths: tuple[int, ...]
    network: Loader
    stage: str = "embed"
    tree: Tree | None = None
    retry: frozenset[Status] = frozenset()
    join: bool = False
    called: Path | None = None

    def stopped(self, left: int) -> UnfinishedError:
        """Return the error for work that was stopped while so many pictures were ``left``."""
        return UnfinishedError(
            f"stopped after {self.target - left:,} of {self.target:,} pictures, which are kept in "
            f"{str(self.called or self.path)!r}; give the same command again to go on"
        )
