"""What an engine is."""

from collections.abc import Sequence
from typing import Protocol

from onnxprobe.devices import Device
from onnxprobe.embed.job import Job
from onnxprobe.embed.watch import UNWATCHED, Watch


class Engine(Protocol):
    """Makes the shards that a store lacks; which one does it changes no bit of them."""

    def fill(
        self,
        devices: Sequence[Device],
        job: Job,
        *,
        watch: Watch = UNWATCHED,
        threads: int | None = None,
    ) -> None:
        """Make every shard that is missing; see ``embed.fill.fill``."""
