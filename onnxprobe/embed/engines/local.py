"""This machine: one process, or several."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnxprobe.devices import Device
from onnxprobe.embed.devices import fill_on
from onnxprobe.embed.job import Job
from onnxprobe.embed.watch import UNWATCHED, Watch


@dataclass(frozen=True, slots=True)
class Local:
    """Work here.

    Attributes:
        workers: processes; ``None`` for as many as pay, which are started anew: a script that asks
            for it must be one that can be imported (``if __name__ == "__main__"``).
    """

    workers: int | None = 1

    def fill(
        self,
        devices: Sequence[Device],
        job: Job,
        *,
        watch: Watch = UNWATCHED,
        threads: int | None = None,
    ) -> None:
        """Make every shard that is missing; see ``embed.devices.fill_on``."""
        fill_on(devices, job, watch=watch, threads=threads, workers=self.workers)
