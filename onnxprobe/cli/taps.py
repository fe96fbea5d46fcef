"""From ``--probe``, ``--tensor`` and the heads of a command line to what each head reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onnxprobe.errors import PoolingError, StitchError, quoted
from onnxprobe.graph.model import Model
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, chosen


def taps_of(
    model: Model, probes: Sequence[str], tensor: str | None, pooling: str | None
) -> list[Probe]:
    """Read ``--probe``, of which there may be several, or ``--tensor`` and ``--pooling``.

    Raises:
        PoolingError: both were given, or a probe twice.
        NoSuchNameError, PoolingError: as :func:`onnxprobe.probe.chosen`.
    """
    if not probes:
        return [chosen(model, tensor, pooling)]
    if tensor or pooling:
        raise PoolingError("--probe says tensor and pooling; leave --tensor and --pooling out")
    taps = [chosen(model, *_tap(text)) for text in probes]
    twice = [tap for tap in taps if taps.count(tap) > 1]
    if twice:
        raise PoolingError(f"the probe {str(twice[0])!r} is given twice")
    return taps


@dataclass(frozen=True, slots=True)
class Given:
    """A head as it was given.

    Attributes:
        path: its file.
        name: what to call it; ``None`` where nobody said.
    """

    path: Path
    name: str | None = None


def heads_of(texts: Sequence[str]) -> dict[str, Given]:
    """Read the heads: files, each with ``NAME=`` before it where it is to have another name.

    Raises:
        StitchError: two have the same name.
    """
    found: dict[str, Given] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        whole = not (equals and name) or Path(text).exists()
        head = Given(Path(text)) if whole else Given(Path(file), name)
        called = head.path.stem if head.name is None else head.name
        if called in found:
            raise StitchError(
                f"two heads are called {called!r}; give one another name: NAME={head.path}"
            )
        found[called] = head
    return found


def read_by(
    heads: Mapping[str, Given],
    model: Model,
    probes: Sequence[str],
    tensor: str | None,
    pooling: str | None,
) -> dict[str, list[Probe]]:
    """Return what each head reads: what is given, else what it says itself, else the pick.

    Raises:
        PoolingError: ``--probe`` and ``--tensor`` were both given, or a probe twice.
        NoSuchNameError, PoolingError: as :func:`onnxprobe.probe.chosen`.
        GraphError: what a head says of itself is damaged.
    """
    from onnxprobe.headfiles import probes_of  # needs more than surgery does

    shared = parted(heads, probes)
    found = {}
    for name, head in heads.items():
        said = () if shared[name] or tensor or pooling else probes_of(head.path)
        found[name] = list(said) or taps_of(model, shared[name], tensor, pooling)
    return found


def parted(heads: Collection[str], probes: Sequence[str]) -> dict[str, list[str]]:
    """Return the texts of ``--probe`` that each head reads, in order.

    One that begins with the name of a head and ``=`` is for that head alone. A head without any
    of its own reads those that are for none.

    >>> parted(["age", "tone"], ["tone=relu3:std", "relu5:mean"])
    {'age': ['relu5:mean'], 'tone': ['relu3:std']}

    Raises:
        PoolingError: one is for all heads, but every head has its own.
    """
    own: dict[str, list[str]] = {name: [] for name in heads}
    common: list[str] = []
    for text in probes:
        name, equals, probe = text.partition("=")
        if equals and name in own:
            own[name].append(probe)
        else:
            common.append(text)
    if common and all(own.values()):
        raise PoolingError(f"every head has probes of its own, so none reads {quoted(common)}")
    return {name: texts or common for name, texts in own.items()}


def _tap(text: str) -> tuple[str, str | None]:
    tensor, _, pooling = text.rpartition(":")
    return (tensor, pooling) if tensor and pooling in POOLINGS else (text, None)
