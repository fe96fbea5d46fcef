"""One run in one folder: steps whose results are kept, so that a change re-runs only what it must."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import onnxprobe
from onnxprobe.graph.model import Model
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe import kept
from onnxprobe.recipe.kept import Kept

if TYPE_CHECKING:
    from onnxprobe.embed.engines import Engine
    from onnxprobe.images import Preprocess, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """What the user asked for.

    Attributes:
        model: the backbone's file.
        images: where the pictures are, as the user wrote it.
        out: the folder of the run.
        preprocess: how the user wants pictures to be prepared, all of it or some settings by name;
            the model's own way if left out.
        engine: where pictures are embedded; in this process if left out.
    """

    model: Path
    images: str
    out: Path
    preprocess: "Preprocess | Mapping[str, Any] | None" = None
    engine: "Engine | None" = None


@dataclass(frozen=True)
class Run:
    """What a recipe works with.

    Attributes:
        job: what was asked for.
        model: the backbone.
        model_sha256: of the backbone's file.
        source: the pictures.
        preprocess: from a picture to what the backbone reads.
        preprocess_origin: who said so: ``"given"``, ``"model metadata"`` or ``"assumed"``.
        progress: told how far the work is.
        seconds: how long each step took; 0 for one whose result was there already.
    """

    job: Job
    model: Model
    model_sha256: str
    source: "Source"
    preprocess: "Preprocess"
    preprocess_origin: str
    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)

    def do(self, name: str, step: Callable[..., T], *inputs: Kept[Any]) -> Kept[T]:
        """Call ``step`` on the values of ``inputs``, or read what it gave the last time.

        The result is kept under a key of the step's repr (its settings), the version of
        onnxprobe, and the keys of ``inputs``. Its type is the one that the step's ``__call__`` is
        annotated to return.
        """
        key = self.key(name, repr(step), *(given.key for given in inputs))
        path = self.job.out / "cache" / f"{name}-{key[:16]}.npz"
        kind: type[T] = get_type_hints(type(step).__call__)["return"]
        before = kept.read(kind, path)
        if before is not None:
            self.seconds[name] = 0.0
            return Kept(before, key)
        value = self.timed(name, lambda: step(*(g.value for g in inputs), progress=self.progress))
        kept.write(value, path)
        return Kept(value, key)

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Do ``work`` and note under ``name`` how long it took."""
        start = time.perf_counter()
        result = work()
        self.seconds[name] = round(time.perf_counter() - start, 3)
        return result

    @staticmethod
    def key(*parts: str) -> str:
        """Return a hex digest of ``parts`` and the version of onnxprobe."""
        text = json.dumps([onnxprobe.__version__, *parts])
        return hashlib.sha256(text.encode()).hexdigest()
