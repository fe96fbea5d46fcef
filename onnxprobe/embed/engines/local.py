"""This machine: one process, or one for each of several devices."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnxprobe.devices import Device
from onnxprobe.embed.devices import fill_on
from onnxprobe.embed.job import Job
from onnxprobe.embed.watch import UNWATCHED, Watch


@dataclass(frozen=True, slots=True)
class Local:
    """Work here."""

    def fill(
        self,
        devices: Sequence[Device],
        job: Job,
        *,
        watch: Watch = UNWATCHED,
        threads: int | None = None,
    ) -> None:
        """Make every shard that is missing; see ``embed.devices.fill_on``."""
        fill_on(devices, job, watch=watch, threads=threads)
