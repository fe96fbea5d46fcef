"""What a device is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Provider = tuple[str, Mapping[str, str]]
"""Name of an execution provider of ONNX Runtime, and its options."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device.

    Attributes:
        name: what users call it.
        provider: the execution provider that must run the model.
        providers: from the device's number and the precision to what ONNX Runtime is asked for,
            in order; it leaves to later ones what earlier ones cannot do.
        several: whether a machine may have several of them, which are numbered from 0.
        converts: whether for float16 the graph is rewritten; else the provider sees to it.
        memory: what ONNX Runtime calls its memory.
        needs: what must be installed.
        repeats: whether a model that is loaded once more is there at once and gives the same bits.
        environment: variables that are set before anything is loaded on it, for what it has no
            option.
    """

    name: str
    provider: str
    providers: Callable[[int, str], tuple[Provider, ...]] = field(repr=False)
    several: bool
    converts: bool
    memory: str
    needs: str
    repeats: bool = True
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Device:
    """One device.

    Attributes:
        kind: of it.
        number: among those of its kind.
        precision: what it computes in, ``"float32"`` or ``"float16"``.
    """

    kind: Kind
    number: int = 0
    precision: str = "float32"

    def __str__(self) -> str:
        return f"{self.kind.name}:{self.number}" if self.kind.several else self.kind.name

    @property
    def computes(self) -> str:
        """What results depend on in their last bits: the kind and the precision."""
        return f"{self.kind.name} {self.precision}"

    @property
    def providers(self) -> tuple[Provider, ...]:
        """What ONNX Runtime is asked for, in order."""
        return self.kind.providers(self.number, self.precision)
