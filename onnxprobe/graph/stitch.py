"""Join heads to a trunk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import onnx

from onnxprobe.errors import StitchError, VersionError, quoted
from onnxprobe.graph.bodies import every_node
from onnxprobe.graph.inference.infer import has_holes
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.names import Names, declared, renamed
from onnxprobe.graph.opsets.adapters import NoFormError, constant_nodes
from onnxprobe.graph.opsets.versions import at_opset, restampable
from onnxprobe.graph.split import SEAM
from onnxprobe.graph.value import Dim, Value

_ML: Final = "ai.onnx.ml"
_WEIGHTS_NEED_NOT_BE_INPUTS: Final = 4
"""The IR version from which a weight need not be listed as an input too."""


@dataclass(frozen=True, slots=True)
class Graft:
    """A head, and where it goes on.

    Attributes:
        head: a model whose inputs are tensors of the trunk.
        at: which tensor of the trunk feeds each input of the head; one that is not named here
            is fed by the tensor of its own name.
        prefix: put before every inner name of the head, and before those outputs' names that
            the trunk has already. Without it, only names that are taken get one, ``"head/"``.
    """

    head: Model
    at: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def tensor(self, name: str) -> str:
        """Return the tensor of the trunk that feeds the input ``name``."""
        return self.at.get(name, name)


def stitch(trunk: Model, *heads: Model | Graft, outputs: Sequence[str] | None = None) -> Model:
    """Return ``trunk`` with ``heads`` going on from its tensors.

    Nodes, weights, declarations, opset, IR version and metadata of the trunk stay as they are;
    what the heads bring comes after. ``stitch(*split(model, t))`` is ``model``, but for
    where it asks the batch (see ``graph.paths.sizes``).

    Args:
        trunk: the model that runs first.
        heads: a model whose inputs are named like tensors of the trunk, or a :class:`Graft`.
        outputs: what the result returns, in order. Default: the outputs of the trunk, except a
            seam that :func:`split` left and a head continues; then those of the heads.

    Raises:
        NoSuchNameError: a head is to go on from a tensor that the trunk does not have, or
            ``outputs`` names one that the result does not have.
        StitchError: type, rank or a fixed size differ at a joint, or two outputs share a name.
        VersionError: an operator of a head means something else in the trunk's opset.
    """
    result, known = onnx.ModelProto(), dict(trunk.known)
    result.CopyFrom(trunk.proto)
    grafts = [head if isinstance(head, Graft) else Graft(head) for head in heads]
    _close_seams(result, {graft.tensor(name) for graft in grafts for name in graft.head.inputs})
    ground = _Ground(result, trunk.used.copy())
    parts = [_append(ground, trunk, graft, known) for graft in grafts]
    joined = Model(result, known, _together(trunk, parts), lambda: ground.names)
    return joined if outputs is None else _returning(joined, outputs)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What heads are put behind, and added to.

    Attributes:
        model: the trunk, and the heads so far.
        names: of both.
    """

    model: onnx.ModelProto
    names: Names


def _append(ground: _Ground, trunk: Model, graft: Graft, known: dict[str, Value]) -> Model | None:
    """Put a head behind the trunk; return what can be inferred of it without asking of all again."""
    _fits(trunk, graft)
    head = at_opset(graft.head, trunk.opset)
    names, node_map = _new_names(ground, head, graft)
    addition = renamed(head.proto.graph, names, node_map)
    result, graph, here = ground.model, ground.model.graph, ground.names.written
    graph.node.extend(_weights_as_nodes(ground, addition, trunk.opset))
    graph.node.extend(n for n in addition.node if here.isdisjoint(filter(None, n.output)))
    told = {info.name for info in addition.value_info}
    said = () if told.isdisjoint(ground.names.defined) else declared(graph)
    graph.value_info.extend(info for info in addition.value_info if info.name not in said)
    returned = {info.name for info in graph.output}
    graph.output.extend(info for info in addition.output if info.name not in returned)
    ground.names.add(addition)
    _imports(result, head.proto)
    known |= {names.get(name, name): value for name, value in head.known.items()}
    values = [trunk.value(name) for name in dict.fromkeys(map(graft.tensor, head.inputs))]
    known |= {value.name: value for value in values if value.dtype and not has_holes(value)}
    alone = _alone(values, addition, result)
    if alone is not None:  # the trunk may not return it, and so not declare it
        known |= {name: value for name in alone.outputs if (value := alone.said(name))}
    return alone


def _alone(
    values: Sequence[Value], addition: onnx.GraphProto, result: onnx.ModelProto
) -> Model | None:
    """Return ``addition``, fed tensors of these ``values``; ``None`` if too little is known of them."""
    if any(value.dtype is None or has_holes(value) for value in values):
        return None
    fed = {value.name for value in values}
    alone = onnx.ModelProto(ir_version=result.ir_version)
    alone.opset_import.extend(result.opset_import)
    alone.functions.extend(result.functions)
    alone.graph.CopyFrom(addition)
    inputs = [info for info in addition.input if info.name not in fed]
    del alone.graph.input[:]
    alone.graph.input.extend([*(value.info() for value in values), *inputs])
    return Model(alone)


def _together(
    trunk: Model, parts: Sequence[Model | None]
) -> Callable[[], Mapping[str, Value]] | None:
    """Return what tells the values of all; of a name that several have, the first says what it is."""
    told = [part for part in parts if part is not None]
    if len(told) < len(parts):
        return None

    def values() -> dict[str, Value]:
        found = dict(trunk.values)
        for part in told:
            found |= {name: value for name, value in part.values.items() if name not in found}
        return found

    return values


def _fits(trunk: Model, graft: Graft) -> None:
    for name in graft.head.inputs:
        given, wanted = trunk.value(graft.tensor(name)), graft.head.value(name)
        same_type = None in (given.dtype, wanted.dtype) or given.dtype == wanted.dtype
        if not same_type or not _shapes_fit(given.shape, wanted.shape):
            raise StitchError(f"the backbone gives {given} but the head wants {wanted}")


def _shapes_fit(a: tuple[Dim, ...] | None, b: tuple[Dim, ...] | None) -> bool:
    if a is None or b is None:
        return True
    if len(a) != len(b):
        return False
    pairs = zip(a, b, strict=True)
    return not any(isinstance(x, int) and isinstance(y, int) and x != y for x, y in pairs)


def _new_names(ground: _Ground, head: Model, graft: Graft) -> tuple[dict[str, str], dict[str, str]]:
    """Map the head's names to free ones: its inputs to the trunk, the rest out of the way."""
    taken = ground.names.tensors
    fed = {name: graft.tensor(name) for name in head.inputs}
    shared = _shared(ground, head.proto.graph)
    inner = [n for n in head.used.tensors if n not in fed and n not in shared]
    clash = [name for name in head.outputs if name in inner and name in taken]
    if clash and not graft.prefix:
        raise StitchError(
            f"the head returns {quoted(clash)}, a name the backbone has already; give the head a prefix"
        )
    own = {name: name for name in head.outputs if name not in taken}
    prefix = graft.prefix or "head/"
    moved = {n: prefix + n for n in inner if n not in own and (graft.prefix or n in taken)}
    collide = sorted(taken.intersection(moved.values()))
    if collide:
        raise StitchError(f"{quoted(collide)} is there already; give the head another prefix")
    clashing = head.used.nodes if graft.prefix else head.used.nodes & ground.names.nodes
    return moved | fed, {n: prefix + n for n in clashing}


def _shared(ground: _Ground, head: onnx.GraphProto) -> set[str]:
    """Return the names that are computed from constants in the very same way in both."""
    names = {t.name for t in head.initializer} | {name for n in head.node for name in n.output[:1]}
    if names.isdisjoint(ground.names.weights) and names.isdisjoint(ground.names.written):
        return set()
    graph = ground.model.graph
    constants = {t.name: t for t in graph.initializer if t.name in names}
    same = {t.name for t in head.initializer if constants.get(t.name) == t}
    nodes = {first: node for node in graph.node for first in node.output[:1] if first in names}
    for node in head.node:
        if node.output and nodes.get(node.output[0]) == node and same.issuperset(node.input):
            same.update(node.output)
    return same


def _weights_as_nodes(
    ground: _Ground, addition: onnx.GraphProto, opset: int
) -> Iterable[onnx.NodeProto]:
    """Add the head's weights; as Constant nodes where they would have to become inputs too."""
    result = ground.model
    new = [t for t in addition.initializer if t.name not in ground.names.weights]
    result.graph.sparse_initializer.extend(addition.sparse_initializer)
    if result.ir_version >= _WEIGHTS_NEED_NOT_BE_INPUTS:
        result.graph.initializer.extend(new)
        return ()
    listed = {info.name: info for info in addition.input}
    there = {info.name for info in result.graph.input}
    result.graph.initializer.extend(t for t in new if t.name in listed)
    result.graph.input.extend(
        listed[t.name] for t in new if t.name in listed and t.name not in there
    )
    own = [t for t in new if t.name not in listed]
    try:
        return [node for t in own for node in constant_nodes(t.name, t, opset)]
    except NoFormError as why:
        raise VersionError(
            f"the backbone is opset {opset}, which has {why} as the head holds; export the head for "
            f"opset {opset}"
        ) from None


def _imports(result: onnx.ModelProto, head: onnx.ModelProto) -> None:
    have = {o.domain: o.version for o in result.opset_import}
    for o in head.opset_import:
        if o.domain in DEFAULT_DOMAINS:
            continue
        if o.domain not in have:
            have[o.domain] = o.version
            result.opset_import.append(o)
        elif have[o.domain] != o.version and not _means_same(head, o.domain, have[o.domain]):
            raise StitchError(
                f"the head uses {o.domain} {o.version}, the backbone {o.domain} {have[o.domain]}"
            )
    functions = {(f.domain, f.name): f for f in result.functions}
    for function in head.functions:
        ours = functions.get((function.domain, function.name))
        if ours is not None and ours != function:
            raise StitchError(f"both have a local function {function.name!r}, and they differ")
        if ours is None:
            result.functions.append(function)


def _means_same(head: onnx.ModelProto, domain: str, version: int) -> bool:
    """Tell whether what ``head`` has of a domain means the same in another version of it."""
    nodes = [node for node in every_node(head.graph.node) if node.domain == domain]
    return domain == _ML and all(restampable(node, version) for node in nodes)


def _close_seams(result: onnx.ModelProto, continued: set[str]) -> None:
    """Take back the outputs that a split left; a head that returns one brings it in its place."""
    seams = {e.value for e in result.metadata_props if e.key == SEAM} & continued
    metadata = [e for e in result.metadata_props if e.key != SEAM or e.value not in seams]
    outputs = [o for o in result.graph.output if o.name not in seams]
    del result.metadata_props[:], result.graph.output[:]
    result.metadata_props.extend(metadata)
    result.graph.output.extend(outputs)


def _returning(model: Model, outputs: Sequence[str]) -> Model:
    """Let ``model``, which nobody has yet, return ``outputs``."""
    graph = model.proto.graph
    returned = {info.name: info for info in graph.output}
    infos = [returned.get(name) or model.value(name).info() for name in outputs]
    del graph.output[:]
    graph.output.extend(infos)
    return Model(model.proto, model.known, model.inferred, model.noted)
