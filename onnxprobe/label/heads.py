"""The heads of a fused model that say a class, and what is known of the pictures they learnt on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import OnnxprobeError
from onnxprobe.fuse import HEADS as KEY
from onnxprobe.graph.model import Model

NONE: Final = -1
"""Class of a picture that is in none."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many pictures of each class there were where a head was trained.

    Attributes:
        pictures: all of them, with or without a class.
        sizes: pictures of each class, by id.
        origin: who says so.
    """

    pictures: int
    sizes: tuple[int, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a fused model says which class a picture is in.

    Attributes:
        prefix: what its outputs begin with: ``…_id`` int64 ``(N, 1)``, ``…_confidence`` float32
            ``(N, 1)`` and, of some heads, ``…_scores`` float32 ``(N, K)``.
        classes: their names, by id.
        threshold: above which a score puts a picture into a class; empty where each picture is in
            one class at most.
        scored: whether there are scores.
        sample: what it was trained on, where that is known.
    """

    prefix: str
    classes: tuple[str, ...]
    threshold: tuple[float, ...] = ()
    scored: bool = False
    sample: Sample | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it returns: id, confidence, and scores where there are any."""
        return tuple(f"{self.prefix}_{name}" for name in ("id", "confidence", "scores")[: self._n])

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers a picture in each of ``outputs``."""
        return (1, 1, len(self.classes))[: self._n]

    @property
    def _n(self) -> int:
        return 3 if self.scored else 2

    def member(self, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which classes each picture is in, bool ``(n, K)``: of detectors, any number.

        Args:
            ids: ``(n,)``, the best class; −1 for none.
            scores: ``(n, K)``; read only where there are thresholds.
        """
        count = len(self.classes)
        best: NDArray[np.bool_] = ids[:, None] == np.arange(count)
        if not (self.threshold and self.scored):
            return best
        above: NDArray[np.bool_] = scores > np.array(self.threshold, np.float32)
        return best | (above & (ids >= 0)[:, None])  # what is like nothing known is in none


def heads_of(model: Model, beside: Path | None = None) -> tuple[Head, ...]:
    """Return the heads of a fused model that say a class.

    Args:
        model: the fused model.
        beside: ``run.json`` of the run that made it, which says what the sample held where the
            model itself does not.

    Raises:
        OnnxprobeError: there are none, or what a file says of them cannot be understood.
    """
    try:
        said = json.loads(model.metadata.get(KEY, "[]"))
        found = [_head(one, model) for one in said if "classes" in one]
    except (ValueError, TypeError, KeyError):
        raise OnnxprobeError(f"what the model says of its heads ({KEY!r}) is damaged") from None
    heads = tuple(head for head in found if set(head.outputs) <= set(model.outputs))
    if not heads:
        raise OnnxprobeError(
            "the model has no head of onnxprobe that says a class; fuse one into it with: "
            "onnxprobe run-recipe"
        )
    return heads if beside is None else tuple(_told(head, beside) for head in heads)


def _head(said: Mapping[str, Any], model: Model) -> Head:
    prefix, classes = said["prefix"], tuple(map(str, said["classes"]))
    threshold = said.get("threshold", ()) if said.get("kind") == "detectors" else ()
    return Head(
        prefix,
        classes,
        tuple(map(float, threshold)) if len(threshold) == len(classes) else (),
        f"{prefix}_scores" in model.outputs,
        _sample(said.get("sample"), len(classes)),
    )


def _sample(said: Mapping[str, Any] | None, classes: int) -> Sample | None:
    if said is None or len(said["sizes"]) != classes:
        return None
    return _checked(said["pictures"], said["sizes"], "the fused file")


def _told(head: Head, path: Path) -> Head:
    """Return ``head`` with the sample that a ``run.json`` tells of."""
    try:
        run = json.loads(path.read_text())
        domains: Sequence[Mapping[str, Any]] = sorted(run["domains"], key=lambda one: one["id"])
        names = tuple(str(domain["name"]) for domain in domains)
        sizes = [domain["size"] for domain in domains]
        sample = _checked(_pictures(domains), sizes, str(path))
    except OSError as error:
        raise OnnxprobeError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        raise OnnxprobeError(f"{str(path)!r} is no run.json of onnxprobe, or damaged") from None
    if names != head.classes:
        raise OnnxprobeError(
            f"{str(path)!r} is of another run: it has {len(names)} domains, and the head "
            f"{head.prefix!r} has {len(head.classes)} classes"
            + (" of other names" if len(names) == len(head.classes) else "")
        )
    return Head(head.prefix, head.classes, head.threshold, head.scored, sample)


def _pictures(domains: Sequence[Mapping[str, Any]]) -> int:
    """Return how many pictures the shares of domains are of; duplicates may have been left out."""
    largest = max(domains, key=lambda domain: domain["size"])
    pictures: int = round(largest["size"] / largest["share"])
    return pictures


def _checked(pictures: object, sizes: Sequence[object], origin: str) -> Sample:
    numbers = [pictures, *sizes]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise TypeError(pictures, sizes)
    whole = [int(n) for n in numbers if isinstance(n, int)]
    if whole[0] < 1 or not all(0 <= size <= whole[0] for size in whole[1:]):
        raise ValueError(pictures, sizes)
    return Sample(whole[0], tuple(whole[1:]), origin)
