"""What an engine is."""

from collections.abc import Callable, Sequence
from typing import Protocol

from onnxprobe.devices import Device
from onnxprobe.embed.fill import Accounts, Extents, Job, nobody, nothing
from onnxprobe.progress import Progress, silent


class Engine(Protocol):
    """Makes the shards that a store lacks; which one does it changes no bit of them."""

    def fill(  # noqa: PLR0913
        self,
        devices: Sequence[Device],
        job: Job,
        *,
        done: Callable[[Extents], None] = nothing,
        finished: Callable[[Extents], None] = nothing,
        threads: int | None = None,
        progress: Progress = silent,
        account: Accounts = nobody,
    ) -> None:
        """Make every shard that is missing; see ``embed.fill.fill``."""
