"""What a run will take, said before it begins: time and memory, step by step."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol, Self, runtime_checkable

from onnxprobe.machine import cores, memory
from onnxprobe.recipe.run import Run

Listener = Callable[["Forecast"], None]
PROCESS: Final = 300_000_000
"""Bytes of Python and the libraries."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step takes.

    Attributes:
        seconds: of one core.
        memory: bytes at its height, what stays in memory all along not counted.
    """

    seconds: float
    memory: float


@runtime_checkable
class Forecasts(Protocol):
    """A step that can tell what it will take."""

    def cost(self, rows: int, widths: tuple[int, ...]) -> Cost:
        """Return what it takes for ``rows`` pictures with vectors of ``widths``, one for each view."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take; rough: half as much and twice as much are no surprise.

    Attributes:
        pictures: that are embedded.
        widths: of the vectors of each view.
        steps: name to cost.
        cores: of this machine.
        memory: bytes that this machine has.
    """

    pictures: int
    widths: tuple[int, ...]
    steps: Mapping[str, Cost]
    cores: int
    memory: int

    @classmethod
    def here(cls, pictures: int, widths: tuple[int, ...], steps: Mapping[str, Cost]) -> Self:
        """Return the forecast for this machine."""
        return cls(pictures, widths, steps, cores(), memory())

    @property
    def seconds(self) -> float:
        """From the first picture to the fused file, if all cores have work all the time."""
        return sum(step.seconds for step in self.steps.values()) / self.cores

    @property
    def held(self) -> int:
        """Bytes of the embeddings, which are held in memory from the first step to the last."""
        return 4 * self.pictures * sum(self.widths)

    @property
    def needed(self) -> float:
        """Bytes at the height of the run."""
        return PROCESS + self.held + max((step.memory for step in self.steps.values()), default=0.0)

    @property
    def fits(self) -> bool:
        """Whether this machine has so much memory."""
        return self.needed <= self.memory

    def to_json(self) -> dict[str, Any]:
        """Return it as ``run.json`` has it."""
        return {
            "pictures": self.pictures,
            "widths": list(self.widths),
            "seconds": round(self.seconds, 1),
            "memory": round(self.needed),
            "machine": {"cores": self.cores, "memory": self.memory},
            "steps": {
                name: {key: round(value, 1) for key, value in asdict(step).items()}
                for name, step in self.steps.items()
            },
        }


@runtime_checkable
class Foretold(Protocol):
    """A recipe that can tell what it will take."""

    def forecast(self, run: Run) -> Forecast:
        """Return what the run will take."""


def unheard(forecast: Forecast) -> None:
    """Tell nobody."""
