"""A fitted estimator as a head: vectors in, numeric tensors out, plain ``ai.onnx`` operators."""

import json
from collections.abc import Sequence
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
from onnxprobe.lowering.converted import CONVERTED
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import PRECISIONS, Writer

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
    allow_ml: bool = False,
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
        allow_ml: whether ai.onnx.ml may be used where there is no plain form: trees, and what
            skl2onnx converts.

    Raises:
        LoweringError: the estimator is not fitted, knows a single class, or has no plain form.
        StitchError: ``widths`` do not sum to what it was fitted on.
        VersionError: the opset is out of range.
    """
    if precision not in PRECISIONS:
        raise NoSuchNameError("precision", precision, PRECISIONS)
    widths = tuple(widths or (features(estimator),))
    check_widths(estimator, widths)
    other = CONVERTED if allow_ml else None
    write = Writer(max(opset, CHOOSES_FROM), precision=precision, rules=ESTIMATORS, other=other)
    inputs = [
        Value(n, "float32", (batch, w))
        for n, w in zip(input_names(len(widths)), widths, strict=True)
    ]
    flow = _joined(write, inputs)
    said = _written(write, estimator, flow, name, batch)
    outputs = [value for _, values in said for value in values]
    model = write.model(f"{name}_head", inputs, outputs, ir_version=ir_version)
    domains = {"domains": write.domains} if write.domains else {}
    facts = [
        {**fact, **domains, "estimator": _described(estimator), "outputs": [v.name for v in values]}
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
    width = getattr(first, "n_features_in_", None)
    if width is None:
        # libsvm says it elsewhere where the kernel is the user's own
        _, width = getattr(first, "shape_fit_", (0, None))
    if width is None:
        raise LoweringError(f"{kind.__name__} is not fitted; call fit before it becomes a head")
    return int(width)


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


def has_no_words(estimator: Any) -> bool:
    """Tell whether what ``estimator`` answers is neither a class, nor a value, nor other vectors.

    Those that tell outliers, and mixtures without a rule: skl2onnx returns what each of them says.
    """
    last = final(estimator)
    if last is None or type(last).__name__ in set(ESTIMATORS) or hasattr(last, "classes_"):
        return False
    judges = ("decision_function", "predict_proba", "score_samples")
    return hasattr(last, "predict") and any(hasattr(last, name) for name in judges)


def answers_as(estimator: Any) -> str:
    """Return what is to be asked of ``estimator``: the name of a part of its rule."""
    last = final(estimator)
    if last is None:
        return "transform"
    if type(last).__name__ not in set(ESTIMATORS):
        if hasattr(last, "classes_"):
            return "decide"
        return "predict" if hasattr(last, "predict") else "transform"
    rule = ESTIMATORS[type(last).__name__]
    if rule.decide_all is not None and (rule.decide is None or asks_several(last)):
        return "decide_all"
    return next(what for what in ("decide", "predict", "transform") if getattr(rule, what))


def asks_several(estimator: Any) -> bool:
    """Tell whether a classifier was fitted on several labels a sample."""
    classes = getattr(estimator, "classes_", None)
    of_a_network = getattr(getattr(estimator, "_label_binarizer", None), "y_type_", "")
    several = bool(getattr(estimator, "multilabel_", False)) or of_a_network.startswith(
        "multilabel"
    )
    return isinstance(classes, list) or several


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
