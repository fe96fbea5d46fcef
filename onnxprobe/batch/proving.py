"""Show that a model with a dynamic batch answers for each picture as the old one did."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.answers import agreement, same
from onnxprobe.batch.diagnosis import Baked, Diagnosis, diagnose, outcome
from onnxprobe.batch.dynamic import dynamic
from onnxprobe.batch.flow import Rows
from onnxprobe.errors import BatchError
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.proof import BATCHES, TOLERANCE

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Alone:
    """One output: what several pictures at once give, against each picture alone.

    Attributes:
        name: of the output.
        rows: how many rows of it belong to one picture; 0 where it is the same for all.
        identical: the batch sizes at which every bit was the same.
        difference: the largest absolute difference, divided by the largest absolute value (at
            least 1).
    """

    name: str
    rows: int
    identical: tuple[int, ...]
    difference: float


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done to make a batch dynamic, and what running it showed.

    Attributes:
        batch: the batch the file had.
        declared: whether its inputs declared it; else only nodes counted on it.
        baked: the nodes that had it written into them.
        flat: whether local functions, and branches that are always taken, were written out flat.
        batches: the batch sizes that were run.
        outputs: each output, together against alone.
        tolerance: the ``difference`` that is allowed: sums of float32 products in another order.
    """

    batch: int
    declared: bool
    baked: tuple[Baked, ...]
    flat: bool
    batches: tuple[int, ...]
    outputs: tuple[Alone, ...]
    tolerance: float

    @property
    def changed(self) -> bool:
        """Whether there was anything to mend."""
        return self.declared or bool(self.baked)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self) | {"changed": self.changed}


def write_dynamic(path: Path, out: Path, *, outside: str = "link") -> Mended:
    """Write ``path`` with a dynamic batch to ``out``, if runs show each picture's answer by itself.

    Args:
        path: the ``.onnx`` file. It is not changed.
        out: the new file.
        outside: what becomes of a file of weights beside the model (see ``graph.save``).

    Raises:
        BatchError: the answer for one picture would depend on the others, or it cannot be shown
            that it does not; or a run shows that it does.
        RunError: the old or the new model does not load or run.
    """
    model = load(path)
    diagnosis = diagnose(model)
    new = dynamic(model, diagnosis)
    lying = {name: outcome(diagnosis, name) for name in model.outputs}
    found: list[tuple[Alone, ...]] = []

    def check(temporary: Path) -> None:
        sessions = runtime.Session(path), runtime.Session(temporary)
        pairs = [_run(sessions, diagnosis, lying, batch) for batch in BATCHES]
        outputs = tuple(_compared(name, lying[name], [p[name] for p in pairs]) for name in lying)
        bad = next((output for output in outputs if not output.difference <= TOLERANCE), None)
        if bad is not None:
            raise BatchError(
                f"the output {bad.name!r} differs by {bad.difference:.3g} of its largest value "
                "between pictures together and alone; nothing was written"
            )
        found.append(outputs)

    save(new, out, outside=outside, check=check)
    return Mended(
        diagnosis.batch,
        diagnosis.declared,
        diagnosis.baked,
        diagnosis.model is not model,
        BATCHES,
        found[0],
        TOLERANCE,
    )


_Pair = tuple[NDArray[Any], NDArray[Any]]


def _run(
    sessions: tuple[runtime.Session, runtime.Session],
    diagnosis: Diagnosis,
    lying: Mapping[str, Rows | None],
    batch: int,
) -> dict[str, _Pair]:
    """Return, for each output, the answers one at a time put together, and the answers at once."""
    old, new = sessions
    feeds = runtime.random_feeds(new.inputs, batch)
    alone = [old.run(_part(feeds, diagnosis, start)) for start in range(0, batch, diagnosis.batch)]
    at_once = new.run(feeds)
    return {
        name: (_together([one[name] for one in alone], rows, batch), at_once[name])
        for name, rows in lying.items()
    }


def _part(feeds: Arrays, diagnosis: Diagnosis, start: int) -> dict[str, NDArray[Any]]:
    """Return as many pictures as the old model takes; the last one fills up what is missing."""
    size = diagnosis.batch
    return {
        name: array.take(range(start, start + size), 0, mode="clip")
        if name in diagnosis.inputs
        else array
        for name, array in feeds.items()
    }


def _together(alone: list[NDArray[Any]], rows: Rows | None, batch: int) -> NDArray[Any]:
    if rows is None:
        return alone[0]
    return np.concatenate(alone, rows.axis).take(range(rows.times * batch), rows.axis)


def _compared(name: str, rows: Rows | None, pairs: list[_Pair]) -> Alone:
    identical = tuple(batch for batch, pair in zip(BATCHES, pairs, strict=True) if same(*pair))
    found = agreement(name, *zip(*pairs, strict=True))
    return Alone(name, rows.times if rows else 0, identical, found.relative)
