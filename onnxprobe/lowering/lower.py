"""A fitted estimator as a head: vectors in, numeric tensors out, plain ``ai.onnx`` operators."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError, NoSuchNameError, StitchError
from onnxprobe.graph.build import CHOOSES_FROM
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Dim, Value
from onnxprobe.lowering.answers import answered, kind_of, valued
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import PRECISIONS, Writer, unknown

HEADS: Final = "onnxprobe.head"
"""Metadata of a head: a list of what it answers, each with its prefix, kind, classes and outputs."""


def lower(  # noqa: PLR0913  what a head can be asked for
    estimator: Any,
    *,
    opset: int,
    ir_version: int,
    widths: Sequence[int] | None = None,
    name: str = "head",
    batch: Dim = "N",
    precision: str = "float32",
) -> Model:
    """Return ``estimator`` as a model of plain ``ai.onnx`` operators.

    A classifier or clusterer returns ``<name>_scores`` float32 ``(N, K)``, its probabilities or
    else its margins (of two classes, ``[-m, m]``), ``<name>_id`` int64 ``(N, 1)``, the index of
    what it predicts, and ``<name>_confidence`` float32 ``(N, 1)``, the score of that. One that
    answers several questions returns the three for each, ``<name>_0_scores`` and so on. A
    regressor or a transformer returns ``<name>_values`` float32 ``(N, k)``. The labels are in the
    metadata.

    Affine steps are multiplied together in float64 and written as one Gemm.

    Args:
        estimator: a fitted estimator of scikit-learn.
        opset: the opset to write for, up to 26; 9 where it is older, which ``stitch`` adapts.
        ir_version: of the file.
        widths: numbers a sample of each probe it reads, in order; one probe where left out.
        name: what the outputs begin with.
        batch: the symbol, or the size, of the batch.
        precision: ``"float32"``, or ``"float64"`` where margins of a million decide by a hair.

    Raises:
        LoweringError: the estimator is not fitted, knows a single class, or has no plain form.
        StitchError: ``widths`` do not sum to what it was fitted on.
        VersionError: the opset is out of range.
    """
    if precision not in PRECISIONS:
        raise NoSuchNameError("precision", precision, PRECISIONS)
    widths = tuple(widths or (features(estimator),))
    check_widths(estimator, widths)
    write = Writer(max(opset, CHOOSES_FROM), precision=precision, rules=ESTIMATORS)
    inputs = [
        Value(n, "float32", (batch, w))
        for n, w in zip(input_names(len(widths)), widths, strict=True)
    ]
    flow = _joined(write, inputs)
    said = _written(write, estimator, flow, name, batch)
    outputs = [value for _, values in said for value in values]
    model = write.model(f"{name}_head", inputs, outputs, ir_version=ir_version)
    facts = [
        {**fact, "estimator": _described(estimator), "outputs": [v.name for v in values]}
        for fact, values in said
    ]
    return described(extract(model, model.inputs, model.outputs), facts)


def described(model: Model, facts: Sequence[dict[str, Any]]) -> Model:
    """Return ``model`` with what it answers in its metadata."""
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    new.metadata_props.add(key=HEADS, value=json.dumps(list(facts)))
    return Model(new, model.known)


def features(estimator: Any) -> int:
    """Return how many numbers a sample ``estimator`` was fitted on.

    Raises:
        LoweringError: it is not of scikit-learn, has no plain form, or is not fitted.
    """
    kind = type(estimator)
    if kind.__module__.partition(".")[0] != "sklearn":
        raise LoweringError(
            f"{kind.__module__}.{kind.__name__} is not of scikit-learn; export it as .onnx and give that"
        )
    steps = (step for _, step in getattr(estimator, "steps", ()))
    first = next((step for step in steps if hasattr(step, "fit")), estimator)  # no "passthrough"
    try:
        return int(first.n_features_in_)
    except AttributeError:
        raise LoweringError(
            f"{kind.__name__} is not fitted; call fit before it becomes a head"
        ) from None


def check_widths(estimator: Any, widths: Sequence[int]) -> None:
    """Raise where vectors of ``widths`` are not what ``estimator`` was fitted on.

    Raises:
        StitchError: the message has both sides.
        LoweringError: as :func:`features`.
    """
    wanted = features(estimator)
    if sum(widths) != wanted:
        given = (
            f"{sum(widths)} ({' + '.join(map(str, widths))})" if len(widths) > 1 else str(widths[0])
        )
        raise StitchError(
            f"the probes give {given} numbers a sample but {type(estimator).__name__} was fitted on {wanted}"
        )


def input_names(count: int) -> tuple[str, ...]:
    """Return what the inputs of a head on ``count`` probes are called."""
    return ("vectors",) if count == 1 else tuple(f"vectors_{i}" for i in range(count))


def final(estimator: Any) -> Any:
    """Return what has the last word: the end of a chain, the best of a search.

    ``None`` where a chain ends in nothing.
    """
    name = type(estimator).__name__
    if name == "Pipeline":
        last = estimator.steps[-1][1]
        return None if last in (None, "passthrough") else final(last)
    if name.endswith("SearchCV"):
        return final(estimator.best_estimator_)
    return final(estimator.estimator) if name == "FrozenEstimator" else estimator


def has_rules(estimator: Any) -> bool:
    """Tell whether ``estimator``, and every estimator inside it, has a rule."""
    known = type(estimator).__name__ in set(ESTIMATORS)
    return known and all(map(has_rules, _inside(estimator)))


def _inside(estimator: Any) -> Iterator[Any]:
    """Yield the fitted estimators that ``estimator`` is made of."""
    if hasattr(estimator, "steps"):
        yield from (step for _, step in estimator.steps if hasattr(step, "fit"))
    elif hasattr(estimator, "calibrated_classifiers_"):
        yield from (fold.estimator for fold in estimator.calibrated_classifiers_)
    elif hasattr(estimator, "estimators_"):
        yield from (
            part for part in estimator.estimators_ if not type(part).__name__.startswith("_")
        )
    elif hasattr(estimator, "best_estimator_"):
        yield estimator.best_estimator_
    elif hasattr(estimator, "transformer_list"):
        yield from (step for _, step in estimator.transformer_list if hasattr(step, "fit"))
    elif hasattr(estimator, "estimator_"):
        yield estimator.estimator_
    elif type(estimator).__name__ == "FrozenEstimator":
        yield estimator.estimator


def answers_as(estimator: Any) -> str:
    """Return what is to be asked of ``estimator``: the name of a part of its rule.

    Raises:
        LoweringError: no rule was written for it.
    """
    last = type(final(estimator)).__name__
    if last == "NoneType":
        return "transform"
    if last not in set(ESTIMATORS):
        raise unknown(last, ESTIMATORS)
    rule = ESTIMATORS[last]
    return next(
        what for what in ("decide_all", "decide", "predict", "transform") if getattr(rule, what)
    )


def _joined(write: Writer, inputs: Sequence[Value]) -> Flow:
    names = [value.name for value in inputs]
    width = sum(
        value.shape[1] for value in inputs if value.shape and isinstance(value.shape[1], int)
    )
    tensor = names[0] if len(names) == 1 else write.op("Concat", *names, axis=1)
    return Flow(
        tensor if write.precision == "float32" else write.cast(tensor, write.precision), width
    )


def _written(
    write: Writer, estimator: Any, flow: Flow, name: str, batch: Dim
) -> list[tuple[dict[str, Any], list[Value]]]:
    what = answers_as(estimator)
    if what == "decide_all":
        decisions = write.all_decided(estimator, flow)
        names = [f"{name}_{i}" for i in range(len(decisions))]
        return [_answer(write, d, n, batch) for d, n in zip(decisions, names, strict=True)]
    if what == "decide":
        return [_answer(write, write.decided(estimator, flow), name, batch)]
    does = write.predicted if what == "predict" else write.transformed
    values = valued(write, does(estimator, flow), name, batch)
    return [({"prefix": name, "kind": "values"}, values)]


def _answer(
    write: Writer, decision: Decision, name: str, batch: Dim
) -> tuple[dict[str, Any], list[Value]]:
    values = answered(write, decision, name, batch)
    labels = plain_labels(decision.classes)
    return {"prefix": name, "kind": kind_of(decision), "classes": labels}, values


def plain_labels(classes: NDArray[Any]) -> list[Any]:
    """Return class labels as JSON has them: numbers, texts, yes and no."""
    return [
        label.item() if hasattr(label, "item") else label for label in np.asarray(classes).ravel()
    ]


def _described(estimator: Any) -> str:
    name = type(estimator).__name__
    if name != "Pipeline":
        return name
    return " > ".join(
        _described(step) for _, step in estimator.steps if step not in (None, "passthrough")
    )
