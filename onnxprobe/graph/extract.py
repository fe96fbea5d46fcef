"""Take part of a graph out as a model of its own."""

import warnings
from collections.abc import Collection

import onnx

from onnxprobe.errors import NotACutError, quoted
from onnxprobe.graph.cuts import nearest_cut
from onnxprobe.graph.inline import showing
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.sizes import asked_of
from onnxprobe.graph.paths.upstream import upstream


def extract(model: Model, inputs: Collection[str], outputs: Collection[str]) -> Model:
    """Return the smallest model that computes ``outputs`` from ``inputs``.

    Nodes keep their order and names; opset, IR version, metadata and local functions stay. Where
    a name lies inside a local function, or an If on a constant, these are written out flat. Where
    no more than the batch would be asked of a model input that is not in ``inputs``, one of these
    is asked (see ``graph.paths.sizes``); a warning says so.

    Raises:
        NoSuchNameError: a name is not a tensor of the model.
        GraphError: a name may lie inside a local function, and these cannot be written out.
        NotACutError: ``outputs`` also need a model input that is not in ``inputs``, or the type
            of an input is not known.
    """
    model = showing(model, (*inputs, *outputs))
    feeds = [model.value(name) for name in dict.fromkeys(inputs)]
    wanted = [model.value(name) for name in dict.fromkeys(outputs)]
    declared = {info.name: info for info in (*model.proto.graph.input, *model.proto.graph.output)}
    for value in feeds:
        if value.dtype is None and value.name not in declared:
            raise NotACutError(f"the type of {value.name!r} is not known, so it cannot be an input")
    model, (kept, reached) = _reach(model, inputs, outputs)
    missing = [name for name in model.inputs if name in reached and name not in inputs]
    if missing:
        near = nearest_cut(model, inputs)
        hint = f"; the nearest cut is {near!r}" if near else ""
        raise NotACutError(
            f"{quoted(outputs)} cannot be computed from {quoted(inputs)} alone: "
            f"it also needs the model input {quoted(missing)}{hint}"
        )
    old, new = model.proto.graph, onnx.ModelProto()
    new.CopyFrom(_shell(model.proto))
    graph = new.graph
    graph.name = old.name
    if old.HasField("doc_string"):
        graph.doc_string = old.doc_string
    graph.node.extend(node.proto for node in model.nodes if node in kept)
    graph.initializer.extend(t for t in old.initializer if t.name in reached)
    graph.sparse_initializer.extend(t for t in old.sparse_initializer if t.values.name in reached)
    listed = {t.name for t in graph.initializer}
    graph.input.extend(declared.get(value.name, value.info()) for value in feeds)
    graph.input.extend(info for info in old.input if info.name in listed)
    graph.output.extend(declared.get(value.name, value.info()) for value in wanted)
    inner = {name for node in kept for name in node.writes} | listed
    graph.value_info.extend(info for info in old.value_info if info.name in inner)
    graph.quantization_annotation.extend(
        note for note in old.quantization_annotation if note.tensor_name in inner
    )
    graph.metadata_props.extend(old.metadata_props)
    return Model(new, {k: v for k, v in model.known.items() if k in reached or k in inputs})


def _reach(
    model: Model, inputs: Collection[str], outputs: Collection[str]
) -> tuple[Model, tuple[set[Node], set[str]]]:
    """Return what computes ``outputs``, and the model it lies in: the same, or one that asks ``inputs``."""
    found = upstream(model, outputs, stop=inputs)
    missing = found[1].intersection(model.inputs).difference(inputs)
    if not missing:
        return model, found
    asking = asked_of(model, inputs, found[0] & _behind(model, missing, inputs))
    again = upstream(asking, outputs, stop=inputs)
    if asking is model or not missing.isdisjoint(again[1]):
        return model, found
    warnings.warn(
        f"the batch is no longer asked of {quoted(sorted(missing))} but of {quoted(inputs)}, which "
        "has the same",
        RuntimeWarning,
        stacklevel=3,
    )
    return asking, again


def _behind(model: Model, sources: Collection[str], stop: Collection[str]) -> set[Node]:
    """Return the nodes that depend on ``sources`` other than through ``stop``."""
    nodes, reached = set[Node](), set(sources)
    for node in model.nodes:
        if not reached.isdisjoint(node.reads):
            nodes.add(node)
            reached.update(name for name in node.writes if name not in stop)
    return nodes


def _shell(proto: onnx.ModelProto) -> onnx.ModelProto:
    shell = onnx.ModelProto()
    for field, value in proto.ListFields():
        if field.name == "graph":
            continue
        if field.is_repeated:
            getattr(shell, field.name).extend(value)
        else:
            setattr(shell, field.name, value)
    return shell
