"""What a model promises its callers, and what of it a new file breaks."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx

from onnxprobe.changes import Changes, changes, hanging
from onnxprobe.errors import plural, quoted
from onnxprobe.graph.model import Model
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Value


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise in the new file.

    Attributes:
        what: where, e.g. ``"output 'logits'"``.
        old: how it was; empty where it was not there.
        new: how it is; empty where it is gone.
        breaks: whether a caller of the old file can notice.
        said: all of it in words, where was and is do not say it well.
    """

    what: str
    old: str
    new: str
    breaks: bool
    said: str = ""

    def __str__(self) -> str:
        if self.said:
            return self.said
        if not self.old:
            many = self.what[0].isdigit() and not self.what.startswith("1 ")
            return f"{self.what} {'are' if many else 'is'} new: {self.new}"
        if not self.new:
            return f"{self.what} is gone (was {self.old})"
        return f"{self.what} was {self.old}, is {self.new}"


def compare(old: Model, new: Model, inside: Changes | None = None) -> tuple[Difference, ...]:
    """Return what differs between ``old`` and ``new``, as far as it can be seen without running.

    The contract: inputs, old outputs (names, order, types, declared shapes), opset imports, IR
    version, metadata, nodes and weights are as they were; new outputs come last, are numeric
    tensors of rank 2 or more and have the input's batch first. What is added within these limits
    is listed too, with ``breaks=False``; so are who made the file and what they say of it.

    Args:
        old: the model that callers know.
        new: the model that is to replace it.
        inside: what changed between them, where it is known already.

    Raises:
        MissingWeightsError: a file that holds weights is not there.
    """
    return (
        *_declared("input", old.proto.graph.input, new.proto.graph.input),
        *_declared("output", old.proto.graph.output, new.proto.graph.output[: len(old.outputs)]),
        *_new_outputs(old, new),
        *_said("opset of", _opsets(old), _opsets(new), adding_breaks=True),
        *_said("IR", {"version": str(old.ir_version)}, {"version": str(new.ir_version)}),
        *_said("metadata", _theirs(old.metadata), _theirs(new.metadata)),
        *_said("file", _about(old), _about(new), breaks=False),
        *_inside(changes(old, new) if inside is None else inside),
    )


def kept(differences: tuple[Difference, ...]) -> bool:
    """Tell whether the contract is kept."""
    return not any(difference.breaks for difference in differences)


_Infos = Sequence[onnx.ValueInfoProto]


def _declared(kind: str, old: _Infos, new: _Infos) -> Iterator[Difference]:
    ours, theirs = [v.name for v in old], [v.name for v in new]
    if ours != theirs:
        yield Difference(
            f"the list of {kind}s", ", ".join(ours), ", ".join(theirs) or "empty", breaks=True
        )
    by_name = {info.name: info for info in new}
    for info in old:
        if info.name in by_name and by_name[info.name] != info:
            was, now = str(Value.of(info)), str(Value.of(by_name[info.name]))
            now = now if was != now else f"{now} with another description"
            yield Difference(f"{kind} {info.name!r}", was, now, breaks=True)


def _new_outputs(old: Model, new: Model) -> Iterator[Difference]:
    batch = batch_of(old)
    for info in new.proto.graph.output[len(old.outputs) :]:
        value = Value.of(info)
        why = _unfit(value, batch)
        yield Difference(
            f"output {info.name!r}", "", f"{value}{'; ' + why if why else ''}", breaks=bool(why)
        )


def _unfit(value: Value, batch: object) -> str:
    if value.dtype in (None, "str"):
        return "servers need a numeric tensor"
    if value.shape is None or len(value.shape) < 2:  # noqa: PLR2004  batch and something
        return "servers need rank 2 or more"
    if value.shape[0] != batch:
        return f"its first size must be the batch, {batch!r}"
    return ""


def _theirs(metadata: dict[str, str]) -> dict[str, str]:
    """Leave out what onnxprobe itself writes and renews each time a head is fused."""
    return {key: text for key, text in metadata.items() if not key.startswith("onnxprobe.")}


def _opsets(model: Model) -> dict[str, str]:
    return {repr(o.domain or "ai.onnx"): str(o.version) for o in model.proto.opset_import}


def _about(model: Model) -> dict[str, str]:
    """Return what the file says of itself that no caller depends on."""
    proto = model.proto
    fields = ("producer_name", "producer_version", "domain", "model_version", "doc_string")
    said = {field.replace("_", " "): str(getattr(proto, field) or "") for field in fields}
    return said | {"graph name": proto.graph.name, "graph doc string": proto.graph.doc_string}


def _said(
    kind: str,
    old: dict[str, str],
    new: dict[str, str],
    *,
    adding_breaks: bool = False,
    breaks: bool = True,
) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key, ""), new.get(key, "")
        if was != now:
            broken = breaks and (bool(was) or adding_breaks)
            yield Difference(f"{kind} {key}", was, now, breaks=broken)


def _apart(far: float) -> str:
    if math.isnan(far):
        return "is not a number where it was one, or the other way round"
    return f"has values up to {far:.3g} apart" if far else "has zeros of the other sign"


def _inside(found: Changes) -> Iterator[Difference]:
    for node in found.nodes_removed:
        hung = f", read by {quoted(node.read_by)}" if node.read_by else ""
        yield Difference(f"node {node.output!r}", f"{node}{hung}", "", breaks=True)
    for node in found.nodes_changed:
        what = f"node {node.output!r}"
        said = f"{what} ({node}): {node.was} is now {node.now}"
        yield Difference(what, node.was, node.now, breaks=True, said=said)
    for weight in found.weights_removed:
        yield Difference(f"weight {weight.name!r}", weight.was, "", breaks=True)
    for weight in found.weights_changed:
        what, far = f"weight {weight.name!r}", weight.max_difference
        said = "" if far is None else f"{what} {weight.now} {_apart(far)}"
        yield Difference(what, weight.was, weight.now, breaks=True, said=said)
    if found.nodes_added:
        count, said = len(found.nodes_added), hanging(found.nodes_added)
        yield Difference(plural(count, "node"), "", said, breaks=False)
    if found.weights_added:
        count, first = len(found.weights_added), found.weights_added[0]
        said = f"{first.name!r} {first.now}{' and others' if count > 1 else ''}"
        yield Difference(plural(count, "weight"), "", said, breaks=False)
