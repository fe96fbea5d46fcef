"""What is otherwise inside a new graph: which nodes, where they hang, and how far weights moved."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import onnx

from onnxprobe.errors import quoted
from onnxprobe.graph.apart import apart
from onnxprobe.graph.diff import Diff, diff
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.value import Value, dtype_name

_SHOWN = 60
"""Characters after which the value of an attribute is cut off."""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node that was added, removed, or is otherwise.

    Attributes:
        output: its first output; of a local function, ``domain::name``.
        op: the operator.
        name: as written in the file; may be empty.
        reads: what it reads, in the graph that has it (the new one, where both have it).
        read_by: first outputs of the nodes that read it there.
        was: what of it differs, as it was; empty where it is added or removed.
        now: the same as it is now.
    """

    output: str
    op: str
    name: str
    reads: tuple[str, ...]
    read_by: tuple[str, ...]
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        of = f" of {quoted(self.reads)}" if self.reads else ""
        return f"{self.op}{of}"


@dataclass(frozen=True, slots=True)
class WeightChange:
    """A weight that was added, removed, or is otherwise.

    Attributes:
        name: of the tensor.
        was: type and shape in the old graph; empty where it was not there.
        now: type and shape in the new graph; empty where it is gone.
        max_difference: the largest absolute difference; ``None`` where there is none to tell.
    """

    name: str
    was: str
    now: str
    max_difference: float | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs inside two graphs."""

    nodes_added: tuple[NodeChange, ...]
    nodes_removed: tuple[NodeChange, ...]
    nodes_changed: tuple[NodeChange, ...]
    weights_added: tuple[WeightChange, ...]
    weights_removed: tuple[WeightChange, ...]
    weights_changed: tuple[WeightChange, ...]


def changes(old: Model, new: Model) -> Changes:
    """Return what changed inside from ``old`` to ``new``; weights are never loaded whole.

    Raises:
        MissingWeightsError: a file that holds weights is not there.
    """
    found = diff(old, new)
    return Changes(
        nodes_added=tuple(_node(new, name) for name in found.nodes_added),
        nodes_removed=tuple(_node(old, name) for name in found.nodes_removed),
        nodes_changed=tuple(_changed(old, new, name) for name in found.nodes_changed),
        weights_added=tuple(WeightChange(n, "", _kind(new, n)) for n in found.weights_added),
        weights_removed=tuple(WeightChange(n, _kind(old, n), "") for n in found.weights_removed),
        weights_changed=tuple(_weights(old, new, found)),
    )


def hanging(added: Sequence[NodeChange]) -> str:
    """Say what was added and where it hangs: how many of which operator, on which old tensors."""
    written = {node.output for node in added}
    ops = Counter(node.op for node in added)
    tips = [node.output for node in added if not node.read_by]
    roots = dict.fromkeys(name for node in added for name in node.reads if name not in written)
    counts = ", ".join(f"{count} {op}" if count > 1 else op for op, count in ops.items())
    on = f", reading {quoted(roots)}" if roots else ""
    return counts + on + (f", giving {quoted(tips)}" if tips else "")


def _node(model: Model, name: str) -> NodeChange:
    node = _find(model, name)
    if node is None:
        return NodeChange(name, "local function", "", (), ())
    constants = model.constants
    reads = tuple(read for read in node.reads if read not in constants)
    readers = (reader for output in node.writes for reader in model.readers.get(output, ()))
    read_by = tuple(dict.fromkeys(next(iter(reader.writes), reader.name) for reader in readers))
    return NodeChange(name, node.op, node.name, reads, read_by)


def _find(model: Model, name: str) -> Node | None:
    found = model.producers.get(name)
    return found or next((n for n in model.nodes if not n.writes and n.name == name), None)


def _changed(old: Model, new: Model, name: str) -> NodeChange:
    now, before, after = _node(new, name), _find(old, name), _find(new, name)
    pairs = list(_pairs(before, after)) if before is not None and after is not None else []
    differing = [(a, b) for a, b in pairs if a != b] or [("its content", "another")]
    was, is_ = (", ".join(side) for side in zip(*differing, strict=True))
    return NodeChange(name, now.op, now.name, now.reads, now.read_by, was, is_)


def _pairs(a: Node, b: Node) -> Iterator[tuple[str, str]]:
    """Yield everything there is to say of both nodes."""
    yield a.op, b.op
    yield f"named {a.name!r}", f"named {b.name!r}"
    yield f"of {quoted(a.inputs)}", f"of {quoted(b.inputs)}"
    yield f"giving {quoted(a.outputs)}", f"giving {quoted(b.outputs)}"
    yield f"described as {a.proto.doc_string!r}", f"described as {b.proto.doc_string!r}"
    old, new = _attributes(a.proto), _attributes(b.proto)
    for key in {**old, **new}:
        yield _setting(key, old), _setting(key, new)


def _setting(key: str, said: dict[str, str]) -> str:
    return f"{key} {said[key]}" if key in said else f"no {key}"


def _attributes(node: onnx.NodeProto) -> dict[str, str]:
    return {attribute.name: _shown(attribute) for attribute in node.attribute}


def _shown(attribute: onnx.AttributeProto) -> str:
    text = str(onnx.helper.printable_attribute(attribute)).partition("=")[2].strip()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _weights(old: Model, new: Model, found: Diff) -> Iterator[WeightChange]:
    for name in found.weights_changed:
        a, b = old.tensors.get(name), new.tensors.get(name)
        far = apart(a, b) if a is not None and b is not None else None
        yield WeightChange(name, _kind(old, name), _kind(new, name), far)


def _kind(model: Model, name: str) -> str:
    tensor: Any = model.tensors.get(name)
    if tensor is None:
        return "sparse"
    return str(Value("", dtype_name(tensor.data_type), tuple(tensor.dims))).strip()
