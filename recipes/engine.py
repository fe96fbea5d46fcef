"""What does the work of a step, by name; one that needs a GPU is tried on something tiny first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from onnxprobe.errors import DeviceError

_MOST: Final = 160
"""Letters of what a library says that are repeated."""


def nothing_to_try() -> None:
    """Run anywhere."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What can do the work of a step.

    Attributes:
        name: what settings call it.
        needs: what must be there for it.
        tiny: does a tiny piece of the work; raises whatever it likes where it cannot.
    """

    name: str
    needs: str
    tiny: Callable[[], object]


def require(engine: Engine, setting: str, usual: str) -> None:
    """Try ``engine``, which ``setting`` asks for; without it there is the ``usual`` one.

    Raises:
        DeviceError: it cannot work here. Nothing is taken in its place.
    """
    try:
        engine.tiny()
    except Exception as error:  # noqa: BLE001  drivers and loaders raise whatever they like
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_MOST]
        raise DeviceError(
            f"{setting} {engine.name!r} cannot run here ({said}); it needs {engine.needs}; "
            f"{usual!r} runs on any CPU"
        ) from None
