"""What a model promises its callers, and what of it a new file breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx

from onnxprobe.graph.diff import diff
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
    """

    what: str
    old: str
    new: str
    breaks: bool

    def __str__(self) -> str:
        if not self.old:
            return f"{self.what} is new: {self.new}"
        if not self.new:
            return f"{self.what} is gone (was {self.old})"
        return f"{self.what} was {self.old}, is {self.new}"


def compare(old: Model, new: Model) -> tuple[Difference, ...]:
    """Return what differs between ``old`` and ``new``, as far as it can be seen without running.

    The contract: inputs, old outputs (names, order, types, declared shapes), opset imports, IR
    version, metadata, nodes and weights are as they were; new outputs come last, are numeric
    tensors of rank 2 or more and have the input's batch first. What is added within these limits
    is listed too, with ``breaks=False``.

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
        *_inside(old, new),
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


def _said(
    kind: str, old: dict[str, str], new: dict[str, str], *, adding_breaks: bool = False
) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key, ""), new.get(key, "")
        if was != now:
            yield Difference(f"{kind} {key}", was, now, breaks=bool(was) or adding_breaks)


def _inside(old: Model, new: Model) -> Iterator[Difference]:
    changes = diff(old, new)
    for what, names, breaks in (
        ("node", changes.nodes_removed, True),
        ("weight", changes.weights_removed, True),
    ):
        yield from (Difference(f"{what} {name!r}", "there", "", breaks=breaks) for name in names)
    for what, names in (("node", changes.nodes_changed), ("weight", changes.weights_changed)):
        yield from (
            Difference(f"{what} {name!r}", "as it was", "changed", breaks=True) for name in names
        )
    for what, names in (("nodes", changes.nodes_added), ("weights", changes.weights_added)):
        if names:
            yield Difference(what, "", f"{len(names)}, first {names[0]!r}", breaks=False)
