"""A head from an ``.onnx`` file with numeric outputs of rank 2, in plain operators where there are any.

What converters write (skl2onnx, onnxmltools) returns text and maps, which keep a whole file from being
loaded by most runtimes. Labels become indices, maps become the tensor of scores inside them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from onnxprobe.errors import LoweringError
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.opsets.versions import one_import
from onnxprobe.graph.value import Dim, Value
from onnxprobe.lowering.answers import at
from onnxprobe.lowering.operators import ML, OPERATORS, Label, Rewriter, check_allowed

Arrays = dict[str, NDArray[Any]]
_RANK: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Where an output of a rewritten head comes from.

    Attributes:
        name: the output.
        original: the output of the original it stands for; empty for the confidence.
        labels: what the original says, by index; empty where it says numbers.
        zipped: whether the original is a list of maps from label to score.
        single: whether the original has one margin for two classes.
    """

    name: str
    original: str
    labels: tuple[Label, ...] = ()
    zipped: bool = False
    single: bool = False


@dataclass(frozen=True, slots=True)
class Plain:
    """A rewritten head.

    Attributes:
        model: the head, float32 vectors in, numbers of rank 2 or more out.
        sources: its outputs, in order, and where they come from.
        classes: what the ids stand for; empty where it is not a classifier.
    """

    model: Model
    sources: tuple[Source, ...]
    classes: tuple[Label, ...]

    def translated(self, original: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return what the original answered as this head answers: the other definition of it."""
        found: Arrays = {}
        for source in self.sources:
            if source.original:
                found[source.name] = _numbers(original[source.original], source)
        for source in self.sources:
            if not source.original:
                scores, best = list(found.values())[:2]
                found[source.name] = np.take_along_axis(scores, best, axis=1)
        return {source.name: found[source.name] for source in self.sources}


def plain(head: Model, *, name: str, batch: Dim = "N", allow_ml: bool = False) -> Plain:
    """Return ``head`` in plain ``ai.onnx`` operators.

    A classifier gets the outputs every head has, ``<name>_scores``, ``<name>_id`` and
    ``<name>_confidence``; other outputs keep their names. Outputs of rank 1 become ``(N, 1)``,
    float64 vectors are made from float32 ones inside.

    Args:
        head: the model of a file, in the opset that is wanted.
        name: what the outputs of a classifier begin with.
        batch: the symbol, or the size, of the batch.
        allow_ml: whether operators of ``ai.onnx.ml`` that have no plain form may stay.

    Raises:
        LoweringError: an operator has no plain form, or an output is neither a number nor a label
            that the file names.
    """
    head = one_import(head)
    write = Rewriter(head, allow_ml=allow_ml)
    casts = _float32_inputs(write)
    unasked = constant_outputs(head)
    for node in head.nodes:
        if node.op in set(OPERATORS):
            OPERATORS[node.op].rewrite(write, node)
        else:
            if node.op.startswith(f"{ML}::"):
                check_allowed(write, node)
            write.keep(node.proto)
    given = [(s, v) for s, v in _ends(write) if s.original not in unasked]
    classes, ends = _as_classifier(write, given, name)
    tensors = {source.name: _of_rank_two(write, value) for source, value in ends}
    outputs = [Value(n, v.dtype, (batch, *(v.shape or ())[1:])) for n, v in tensors.items()]
    model = _assembled(write, {n: v.name for n, v in tensors.items()}, outputs, casts)
    return Plain(model, tuple(source for source, _ in ends), classes)


def constant_outputs(head: Model) -> frozenset[str]:
    """Return the outputs that no input decides: a list of the classes says nothing of a sample."""
    moved = set(head.inputs)
    for node in head.nodes:
        if not moved.isdisjoint(node.reads):
            moved.update(node.writes)
    return frozenset(name for name in head.outputs if name not in moved)


def unzipped(head: Model) -> Model:
    """Return ``head`` with the tensor of scores in place of each map from label to score.

    ONNX Runtime makes maps of float32 only; converters write them of float64 too.
    """
    maps = {node.outputs[0]: node.inputs[0] for node in head.nodes if node.op == f"{ML}::ZipMap"}
    if not maps:
        return head
    new = onnx.ModelProto()
    new.CopyFrom(head.proto)
    for node in new.graph.node:
        if node.output[0] in maps:
            node.CopyFrom(helper.make_node("Identity", [node.input[0]], [node.output[0]]))
    for info in new.graph.output:
        if info.name in maps:
            info.CopyFrom(
                Value(info.name, head.value(maps[info.name]).dtype or "float32", None).info()
            )
    return Model(new)


def _float32_inputs(write: Rewriter) -> dict[str, str]:
    """Write casts for inputs that are not float32; return the new names of those inputs."""
    renamed = {}
    for name in write.original.inputs:
        value = write.original.value(name)
        if value.dtype not in (None, "float32"):
            renamed[name] = f"{write.prefix}{name}"
            kind = {"float64": 11, "float16": 10, "int64": 7, "int32": 6}.get(str(value.dtype))
            if kind is None:
                raise LoweringError(
                    f"the head reads {value}, which vectors of float32 cannot be made into"
                )
            write.op("Cast", renamed[name], to=kind, out=name)
    return renamed


def _ends(write: Rewriter) -> Iterator[tuple[Source, Value]]:
    """Yield the outputs: where each comes from, and the numeric tensor that is there for it."""
    for name in write.original.outputs:
        value = write.original.value(name)
        if name in write.zipped:
            tensor, labels = write.zipped[name]
            scores = write.original.value(tensor)
            yield (
                Source(name, name, labels, zipped=True),
                Value(tensor, scores.dtype, (None, len(labels))),
            )
        elif name in write.labels:
            found = write.labels[name]
            index, labels = _without_repeats(write, found.index, found.values)
            yield Source(name, name, labels), Value(index, "int64", value.shape or (None,))
        elif value.dtype in (None, "str"):
            raise LoweringError(
                f"the head returns {value}, whose values the file does not name; return numbers in its place"
            )
        else:
            yield Source(name, name), value


def _without_repeats(
    write: Rewriter, index: str, labels: Sequence[Label]
) -> tuple[str, tuple[Label, ...]]:
    once = tuple(dict.fromkeys(labels))
    if len(once) == len(labels):
        return index, once
    places = [once.index(label) for label in labels]
    return write.op("Gather", write.array(places, np.int64), index), once


def _as_classifier(
    write: Rewriter, ends: list[tuple[Source, Value]], name: str
) -> tuple[tuple[Label, ...], list[tuple[Source, Value]]]:
    """Return the classes and the outputs every classifier has, where that is what the head is."""
    ids = [(s, v) for s, v in ends if s.labels and not s.zipped]
    scores = [
        (s, v) for s, v in ends if s.zipped or (v.dtype in ("float32", "float64") and not s.labels)
    ]
    if len(ids) != 1 or len(scores) != 1 or len(ends) != _RANK:
        return (ids[0][0].labels if len(ids) == 1 else ()), ends
    (said, index), (graded, score) = ids[0], scores[0]
    count = len(said.labels)
    width = score.shape[1] if score.shape is not None and len(score.shape) == _RANK else None
    single = width == 1 and count == _RANK and not graded.zipped
    if width != count and not single:
        return said.labels, ends
    column = write.op("Reshape", index.name, write.integers([-1, 1]))
    narrow = write.op("Cast", score.name, to=1) if score.dtype != "float32" else score.name
    if single:
        narrow = write.op("Concat", write.op("Neg", narrow), narrow, axis=1)
    here = at(write, column, count)
    lowest = write.array(np.finfo(np.float32).min)
    sure = write.reduce("ReduceMax", write.op("Where", here, narrow, lowest), [1], keepdims=1)
    return said.labels, [
        (
            replace(graded, name=f"{name}_scores", single=single),
            Value(narrow, "float32", (None, count)),
        ),
        (Source(f"{name}_id", said.original, said.labels), Value(column, "int64", (None, 1))),
        (Source(f"{name}_confidence", ""), Value(sure, "float32", (None, 1))),
    ]


def _of_rank_two(write: Rewriter, value: Value) -> Value:
    if not value.shape:
        raise LoweringError(
            f"the head returns {value}; an output needs one row a sample, and the file to say so"
        )
    if len(value.shape) > 1:
        return value
    return Value(write.unsqueeze(value.name, [1]), value.dtype, (*value.shape, 1))


def _numbers(value: NDArray[Any], source: Source) -> NDArray[Any]:
    if source.zipped and value.dtype.kind == "O":
        rows = [[row[label] for label in source.labels] for row in value.tolist()]
        return np.array(rows, np.float32)
    if source.single:
        return np.hstack([-value, value])
    if source.labels and not source.zipped:
        at = {label: i for i, label in enumerate(source.labels)}
        indices = np.array([at[label] for label in value.ravel().tolist()], np.int64)
        value = indices if value.size in value.shape else indices.reshape(value.shape)
    return value[:, None] if value.ndim == 1 else value


def _input(value: Value, renamed: str | None, batch: Dim) -> onnx.ValueInfoProto:
    """Return an input as the new head declares it; a batch that is open has the backbone's name."""
    shape = value.shape
    if shape and not isinstance(shape[0], int):
        shape = (batch, *shape[1:])
    if renamed is None:
        return Value(value.name, value.dtype, shape).info()
    return Value(renamed, "float32", shape).info()


def _assembled(
    write: Rewriter, tensors: Mapping[str, str], outputs: Sequence[Value], inputs: Mapping[str, str]
) -> Model:
    """Put what was written and the new ends together; drop what nobody reads.

    Args:
        write: what was written.
        tensors: the tensor that each output is.
        outputs: what is declared of them.
        inputs: inputs that have another name and type now.
    """
    old, new = write.original.proto, onnx.ModelProto()
    new.CopyFrom(old)
    graph, batch = new.graph, (outputs[0].shape or (None,))[0]
    aside = {name: f"{write.prefix}{name}" for name, tensor in tensors.items() if name != tensor}
    del graph.node[:], graph.output[:], graph.value_info[:], new.opset_import[:]
    for node in write.nodes:
        fresh = graph.node.add()
        fresh.CopyFrom(node)
        fresh.input[:] = [aside.get(name, name) for name in node.input]
        fresh.output[:] = [aside.get(name, name) for name in node.output]
    for name, tensor in tensors.items():
        if name != tensor:
            graph.node.append(
                helper.make_node("Identity", [aside.get(tensor, tensor)], [name], name=name)
            )
    graph.initializer.extend(write.constants)
    for info in graph.input:
        if info.name in write.original.inputs:
            info.CopyFrom(_input(Value.of(info), inputs.get(info.name), batch))
    graph.output.extend(value.info() for value in outputs)
    domains = {node.domain for node in graph.node if node.domain not in DEFAULT_DOMAINS}
    new.opset_import.append(onnx.OperatorSetIdProto(domain="", version=write.opset))
    new.opset_import.extend(o for o in old.opset_import if o.domain in domains)
    whole = Model(new)
    return extract(whole, whole.inputs, whole.outputs)
