"""This machine: one process, or one for each of several devices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from onnxprobe.devices import Device
from onnxprobe.embed.devices import fill_on
from onnxprobe.embed.fill import Accounts, Extents, Job, nobody, nothing
from onnxprobe.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Local:
    """Work here."""

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
        """Make every shard that is missing; see ``embed.devices.fill_on``."""
        fill_on(
            devices,
            job,
            done=done,
            finished=finished,
            threads=threads,
            progress=progress,
            account=account,
        )
