"""Heads as they are handed in: a fitted estimator, or a file, to parts that can be fused."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxprobe.errors import GraphError, RunError, StitchError, plural, quoted
from onnxprobe.fuse import Arrays, Part
from onnxprobe.graph.extract import extract
from onnxprobe.graph.load import load
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.opsets.versions import at_opset, one_import
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Dim, Value
from onnxprobe.lowering import (
    HEADS,
    converted,
    has_no_words,
    lower,
    plain,
    read_estimator,
    said,
    unzipped,
)
from onnxprobe.probe import Probe, width
from onnxprobe.proof import sha256
from onnxprobe.runtime import Session

_ROWS: Final = 2
"""Samples of nothing that show which shapes a head returns."""
_LOADED_EVERYWHERE: Final = 8
"""An IR version that every ONNX Runtime of the last years loads; newer ones add types only."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How heads are read.

    Attributes:
        trust: whether code that a file brings may run: a pickle can do anything.
        allow_ml: whether operators of ``ai.onnx.ml`` that have no plain form may stay.
        precision: what an estimator computes in (see ``lowering.lower``).
    """

    trust: bool = False
    allow_ml: bool = False
    precision: str = "float32"


def read_parts(
    path: Path,
    probes: Sequence[Probe],
    *,
    like: Model,
    how: Reading = Reading(),
    name: str | None = None,
) -> tuple[Part, ...]:
    """Return the head in a file: one part for each question it answers.

    Args:
        path: ``.onnx``, ``.skops``, or a pickle (``.joblib``, ``.pkl``).
        probes: what it reads, in order.
        like: the backbone it is for.
        how: what may be done to read it.
        name: what to call it; by default what the file says, or else is called itself.

    Raises:
        NotOnnxError, LoweringError, MissingExtraError: the file cannot be read.
        LoweringError: what is in it has no plain form.
        StitchError, VersionError: it does not fit the probes, or the backbone's opset.
    """
    called = path.stem if name is None else name
    if path.suffix == ".onnx":
        parts = model_parts(load(path), probes, like=like, name=called, allow_ml=how.allow_ml)
        parts = parts if name is None else _called(parts, name)
    else:
        estimator = read_estimator(path, trust=how.trust)
        parts = estimator_parts(estimator, probes, like=like, name=called, how=how)
    digest = sha256(path)
    return tuple(_knowing(part, {"file": path.name, "file_sha256": digest}) for part in parts)


def probes_of(path: Path) -> tuple[Probe, ...]:
    """Return what the head in a file says it reads; nothing where it does not say.

    Raises:
        NotOnnxError: it is an ``.onnx`` file that cannot be read.
        GraphError: what it says of itself is damaged.
    """
    if path.suffix != ".onnx":
        return ()
    try:
        facts = json.loads(load(path).metadata.get(HEADS, "[]"))
        said = next((fact["probes"] for fact in facts if "probes" in fact), ())
        return tuple(map(Probe.parse, said))
    except (ValueError, TypeError, AttributeError):
        raise GraphError(f"what {str(path)!r} says of itself is damaged") from None


def estimator_parts(
    estimator: Any,
    probes: Sequence[Probe],
    *,
    like: Model,
    name: str = "head",
    how: Reading = Reading(),
) -> tuple[Part, ...]:
    """Return a fitted estimator as parts; scikit-learn itself says what they must answer.

    Raises:
        LoweringError: it has no plain form, and ``allow_ml`` was not said.
        StitchError, VersionError: it does not fit the probes, or the backbone's opset.
    """
    widths = [width(like, probe) for probe in probes]
    if how.allow_ml and has_no_words(estimator):
        whole = converted(estimator, width=sum(widths), opset=like.opset)
        return model_parts(whole, probes, like=like, name=name, allow_ml=True)
    model = lower(
        estimator,
        opset=like.opset,
        ir_version=like.ir_version,
        widths=widths,
        name=name,
        batch=batch_of(like) or "N",
        precision=how.precision,
        allow_ml=how.allow_ml,
    )

    def answers(vectors: Sequence[NDArray[Any]]) -> Arrays:
        return said(estimator, vectors, name)

    return _parted(model, json.loads(model.metadata[HEADS]), probes, answers)


def model_parts(
    head: Model, probes: Sequence[Probe], *, like: Model, name: str = "head", allow_ml: bool = False
) -> tuple[Part, ...]:
    """Return a head that is a model already; ONNX Runtime says what it answers as it came.

    Raises:
        LoweringError: an operator has no plain form, or an output is no number.
        StitchError, VersionError: it does not fit the probes, or the backbone's opset.
    """
    original = at_opset(one_import(head), like.opset)
    if len(original.inputs) != len(probes):
        raise StitchError(
            f"the head {name!r} reads {plural(len(original.inputs), 'tensor')} "
            f"({quoted(original.inputs)}) but is given {plural(len(probes), 'probe')} "
            f"({quoted(map(str, probes))}); give it one probe for each, in that order"
        )
    feeds = [original.value(n).dtype or "float32" for n in original.inputs]
    as_it_came = _with_ir(unzipped(original), min(original.ir_version, _LOADED_EVERYWHERE))
    session = Session(as_it_came)
    original = _measured(original, session, [width(like, probe) for probe in probes])
    rewritten = plain(original, name=name, batch=batch_of(like) or "N", allow_ml=allow_ml)

    def answers(vectors: Sequence[NDArray[Any]]) -> Arrays:
        fed = (np.asarray(v, dtype) for v, dtype in zip(vectors, feeds, strict=True))
        return rewritten.translated(session.run(dict(zip(original.inputs, fed, strict=True))))

    model = rewritten.model
    others = {
        o.domain: o.version for o in model.proto.opset_import if o.domain not in DEFAULT_DOMAINS
    }
    facts = _facts(head, name, rewritten.classes, model.outputs)
    if others:
        facts = [{**fact, "domains": others} for fact in facts]
    return _parted(model, facts, probes, answers)


def _parted(
    model: Model,
    facts: Sequence[Mapping[str, Any]],
    probes: Sequence[Probe],
    answers: Callable[[Sequence[NDArray[Any]]], Arrays],
) -> tuple[Part, ...]:
    """Return one part for each question, with what it takes to answer it."""
    heads = (extract(model, model.inputs, fact["outputs"]) for fact in facts)
    return tuple(
        Part(fact["prefix"], head, tuple(probes), answers, fact)
        for head, fact in zip(heads, facts, strict=True)
    )


def _facts(
    head: Model, name: str, classes: Sequence[Any], outputs: Sequence[str]
) -> list[dict[str, Any]]:
    """Return what the head says of itself, or what its rewriting showed."""
    if HEADS in head.metadata:
        told: list[dict[str, Any]] = json.loads(head.metadata[HEADS])
        if {output for fact in told for output in fact["outputs"]} == set(outputs):
            return told
    fact: dict[str, Any] = {"prefix": name, "kind": "file", "outputs": list(outputs)}
    return [{**fact, "classes": list(classes)} if f"{name}_id" in outputs else fact]


def _measured(head: Model, session: Session, widths: Sequence[int]) -> Model:
    """Return ``head`` with the shapes that its outputs have: what converters declare may be wrong.

    As it is, where it does not run on vectors of ``widths``: what does not fit is said elsewhere.
    """
    fed = {
        value.name: np.zeros((_ROWS, *_rest(value.shape, wide)), value.dtype or "float32")
        for value, wide in zip(map(head.value, head.inputs), widths, strict=True)
    }
    try:
        answers = session.run(fed)
    except (RunError, TypeError):
        return head
    new = onnx.ModelProto()
    new.CopyFrom(head.proto)
    for info in new.graph.output:
        shape, was = answers[info.name].shape, Value.of(info)
        if info.type.WhichOneof("value") == "tensor_type" and shape[:1] == (_ROWS,):
            rows = was.shape[0] if was.shape else None
            info.CopyFrom(replace(was, shape=(rows, *shape[1:])).info())
    return Model(new, {k: v for k, v in head.known.items() if k not in head.outputs})


def _rest(shape: tuple[Dim, ...] | None, wide: int) -> tuple[int, ...]:
    sizes = (None, wide) if shape is None else shape
    return tuple(size if isinstance(size, int) else wide for size in sizes[1:])


def _with_ir(model: Model, ir_version: int) -> Model:
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    new.ir_version = ir_version
    return Model(new, model.known)


def _called(parts: Sequence[Part], name: str) -> tuple[Part, ...]:
    names = [name] if len(parts) == 1 else [f"{name}-{part.name}" for part in parts]
    return tuple(
        replace(part, name=new, facts={**part.facts, "prefix": new})
        for part, new in zip(parts, names, strict=True)
    )


def _knowing(part: Part, facts: Mapping[str, Any]) -> Part:
    return Part(part.name, part.head, part.probes, part.answers, {**part.facts, **facts})
