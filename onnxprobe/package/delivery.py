"""What is delivered: a fused model, and what lies beside it that says how it came about."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onnxprobe.errors import GraphError
from onnxprobe.fuse import BACKBONE, HEADS
from onnxprobe.graph.disk.outside import found
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.proof import sha256
from onnxprobe.provenance import RUN
from onnxprobe.unfuse import heads

MODEL: Final = "model.onnx"
PREPROCESS: Final = "onnxprobe.preprocess"
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
"""What would begin a new line in a file that has a name a line."""
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Head:
    """A head of the model, as far as those who serve it need to know it.

    Attributes:
        name: what its outputs begin with.
        classes: what its ids count; empty where nobody said.
        outputs: what it returns.
        said: all that the metadata says of it.
    """

    name: str
    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    said: Mapping[str, Any]

    @property
    def lines(self) -> str:
        """The classes in the order of their ids, one a line, as label files have them."""
        return "".join(f"{_BREAKS.sub(' ', name)}\n" for name in self.classes)

    @property
    def scores(self) -> str | None:
        """The output that has a column for each class, if there is one."""
        return next((name for name in self.outputs if name.endswith("_scores")), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A model with everything known about it.

    Attributes:
        path: the file.
        name: what servers are to call the model.
        model: what is in it.
        sha256: of the file.
        heads: what was fused in; none if it is a backbone.
        backbone: sha256 of the file without heads; empty where nobody said.
        preprocess: how pictures are prepared, every setting; ``None`` where the model says nothing.
        run: the run it came from: as the file says, or ``run.json`` beside it where that is of it.
        proof: ``proof.json`` from beside the model, where it is the proof of this file.
        notes: what lies beside the model and was not used, and why.
    """

    path: Path
    name: str
    model: Model
    sha256: str
    heads: tuple[Head, ...]
    backbone: str
    preprocess: Mapping[str, Any] | None
    run: Mapping[str, Any] | None
    proof: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> "Delivery":
        """Read the model at ``path`` and what lies beside it; ``name`` is the file's by default.

        Raises:
            NotOnnxError: it is no ONNX model.
            MissingWeightsError: a file of weights is not there.
            GraphError: what the model says of its heads is damaged.
        """
        model = load(path)
        found(model.proto)
        digest = sha256(path)
        run, proof, notes = _beside(path, digest)
        return cls(
            path=path,
            name=path.stem if name is None else name,
            model=model,
            sha256=digest,
            heads=_heads(model),
            backbone=str(_object(model, BACKBONE).get("sha256", "")),
            preprocess=_preprocess(model),
            run=_object(model, RUN) or run,
            proof=proof,
            notes=notes,
        )

    @property
    def inputs(self) -> tuple[Value, ...]:
        """What the model reads."""
        return tuple(self.model.values[name] for name in self.model.inputs)

    @property
    def outputs(self) -> tuple[Value, ...]:
        """What the model returns, in order."""
        return tuple(self.model.values[name] for name in self.model.outputs)

    def head_of(self, output: str) -> Head | None:
        """Return the head that an output belongs to; ``None`` where it is the backbone's."""
        return next((head for head in self.heads if output in head.outputs), None)

    def model_files(self, name: str = MODEL, folder: str = "") -> dict[str, Path]:
        """Return the files of the model, called ``name``, with the files of weights beside it."""
        weights = {said.location: file for said, file in found(self.model.proto).items()}
        return {f"{folder}{place}": file for place, file in {name: self.path, **weights}.items()}

    def label_files(self, folder: str = "") -> dict[str, str]:
        """Return the names of classes, a file a head; ``labels.txt`` where there is only one."""
        known = [head for head in self.heads if head.classes]
        if len(known) == 1:
            return {f"{folder}labels.txt": known[0].lines}
        return {f"{folder}{label_file(head)}": head.lines for head in known}


def label_file(head: Head) -> str:
    """Name the file of a head's classes so that it is told from those of other heads."""
    return f"{_ODD.sub('-', head.name)}-labels.txt"


def _heads(model: Model) -> tuple[Head, ...]:
    told = heads(model)
    said = json.loads(model.metadata.get(HEADS, "[]"))
    pairs = zip(told, said, strict=True)
    return tuple(Head(head.name, head.classes, head.outputs, entry) for head, entry in pairs)


def _object(model: Model, key: str) -> Mapping[str, Any]:
    try:
        said = json.loads(model.metadata.get(key, "{}"))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise GraphError(f"the metadata {key!r} is damaged; it should be a JSON object")
    return said


def _preprocess(model: Model) -> Mapping[str, Any] | None:
    if PREPROCESS not in model.metadata:
        return None
    from onnxprobe.images import Preprocess

    complete: Mapping[str, Any] = json.loads(
        Preprocess.from_json(model.metadata[PREPROCESS]).to_json()
    )
    return complete


_Said = Mapping[str, Any]


def _beside(path: Path, digest: str) -> tuple[_Said | None, _Said | None, tuple[str, ...]]:
    """Return the run and the proof beside a file, if it is the file that they are of."""
    run, proof = (_json(path.with_name(name)) for name in ("run.json", "proof.json"))
    if proof is None:
        return None, None, ()
    fused = proof.get("fused")
    if not isinstance(fused, dict) or fused.get("sha256") != digest:
        left = "the 'proof.json' beside it is damaged or of another file; it was left out"
        return None, None, (left,)
    return run, proof, ()


def _json(path: Path) -> dict[str, Any] | None:
    """Return the object in a file; empty where it is damaged, ``None`` where it is not there."""
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text())
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
