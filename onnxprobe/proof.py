"""Evidence that a new file answers as the old one did, with figures."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

import onnxprobe
from onnxprobe import runtime
from onnxprobe.answers import agreement
from onnxprobe.answers import batches as run_at
from onnxprobe.errors import ContractError
from onnxprobe.graph.model import Model

Arrays = Mapping[str, NDArray[Any]]
Reference = Callable[[Arrays], Arrays]
"""From the feeds of the model to what numpy says its new outputs are."""

BATCHES: Final = (1, 2, 5)
TOLERANCE: Final = 1e-4
"""How far a new float output may be from numpy, relative to the largest it holds (at least 1):
sums of some hundred float32 products in another order."""
HALF: Final = 1e-2
"""The same where a tapped tensor is float16: its numbers lie 1e-3 apart, and a runtime that computes
in float32 in between rounds elsewhere as soon as a tensor is looked at."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One output, compared at every batch.

    Attributes:
        name: of the output.
        identical: whether every bit was the same.
        max_difference: the largest absolute difference; 0.0 where identical.
    """

    name: str
    identical: bool
    max_difference: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and what came out.

    Attributes:
        backbone: sha256 of the old file.
        batches: batch sizes that both files were run at.
        outputs: the old outputs, old file against new.
        new_outputs: the outputs that were added, new file against numpy.
        providers: what ran the models.
        versions: of everything that took part.
    """

    backbone: str
    batches: tuple[int, ...]
    outputs: tuple[Compared, ...]
    new_outputs: tuple[Compared, ...]
    providers: tuple[str, ...]
    versions: dict[str, str]

    @property
    def kept(self) -> bool:
        """Whether every old output is the same to the bit."""
        return all(output.identical for output in self.outputs)

    def to_json(self) -> dict[str, Any]:
        """Return the proof as plain values."""
        return asdict(self) | {"kept": self.kept}


def prove(
    old: Model | Path,
    new: Model | Path,
    *,
    backbone: str,
    reference: Reference | None = None,
    tolerance: float = TOLERANCE,
) -> Proof:
    """Run ``old`` and ``new`` on the same random feeds at batches 1, 2 and 5, and compare.

    Args:
        old: the model whose answers must not change.
        new: the model that is to replace it.
        backbone: sha256 of the old file, for the record.
        reference: what the new outputs must equal; without it they are not compared.
        tolerance: how far new outputs may be from ``reference``, as a share of the largest value,
            which counts as 1 at least.

    Raises:
        RunError: one of the two does not load or run.
        ContractError: a new output is not what ``reference`` says.
    """
    sessions = runtime.Session(old), runtime.Session(new)
    names = [value.name for value in sessions[0].outputs]
    batches = run_at(sessions[0].inputs, BATCHES)
    before: dict[str, list[NDArray[Any]]] = {}
    after: dict[str, list[NDArray[Any]]] = {}
    expected: dict[str, list[NDArray[Any]]] = {}
    for batch in batches:
        feeds = runtime.random_feeds(sessions[0].inputs, batch)
        for results, to in ((sessions[0].run(feeds), before), (sessions[1].run(feeds), after)):
            _collect(results, to)
        if reference is not None:
            _collect(reference(feeds), expected)
    return Proof(
        backbone=backbone,
        batches=batches,
        outputs=tuple(_compared(name, before[name], after[name]) for name in names),
        new_outputs=tuple(
            _agrees(name, expected[name], after[name], tolerance) for name in expected
        ),
        providers=sessions[1].providers,
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Return the versions of what takes part in a proof."""
    return {
        "onnxprobe": onnxprobe.__version__,
        "onnx": onnx.__version__,
        "onnxruntime": runtime.version(),
        "numpy": np.__version__,
    }


def sha256(path: str | Path) -> str:
    """Return the sha256 of a file, in hex, without reading it into memory."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _collect(results: Arrays, to: dict[str, list[NDArray[Any]]]) -> None:
    for name, array in results.items():
        to.setdefault(name, []).append(array)


def _compared(name: str, old: list[NDArray[Any]], new: list[NDArray[Any]]) -> Compared:
    found = agreement(name, old, new)
    return Compared(name, found.identical, found.max_difference)


def _agrees(
    name: str, expected: list[NDArray[Any]], got: list[NDArray[Any]], tolerance: float
) -> Compared:
    pairs = zip(expected, got, strict=True)
    # a reference in float64 is more than the file promises
    found = agreement(name, [a.astype(b.dtype) if _floats(a, b) else a for a, b in pairs], got)
    if not found.relative <= tolerance:  # also where it is not a number
        raise ContractError(
            f"the new output {name!r} is {found.max_difference:.3g} from what numpy computes "
            f"(allowed: {tolerance * max(1.0, found.largest):.3g}); nothing was written"
        )
    return Compared(name, found.identical, found.max_difference)


def _floats(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype.kind == b.dtype.kind == "f"
