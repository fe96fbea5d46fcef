"""Write nested graphs out flat: local functions, and branches that are always or never taken."""

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from onnx import helper, inliner

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.names import renamed


def inline(model: Model) -> Model:
    """Return ``model`` with its local functions, and every If on a constant, written out flat.

    Tensors of the outer graph keep their names. A model without either is returned as it is. A function
    of another opset than the model's stays.

    Raises:
        GraphError: the local functions call each other in a circle.
    """
    flat = _without_functions(model) if model.proto.functions else model
    while taken := dict(_taken(flat)):
        flat = _without_branches(flat, taken)
    return flat


def showing(model: Model, names: Collection[str]) -> Model:
    """Return ``model`` if it has all tensors ``names``, else ``model`` written out flat.

    Raises:
        NoSuchNameError: a name is not even in there.
        GraphError: the local functions call each other in a circle.
    """
    if all(name in model.names for name in names):
        return model
    flat = inline(model)
    for name in names:
        flat.value(name)
    return flat


def _without_functions(model: Model) -> Model:
    try:
        flat = inliner.inline_local_functions(_of_one_version(model.proto))
    except (RuntimeError, onnx.checker.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise GraphError(f"the local functions cannot be written out: {reason}") from None
    ours = {(function.domain, function.name) for function in model.proto.functions}
    if ours.isdisjoint((node.domain, node.op_type) for node in flat.graph.node):
        del flat.functions[:]
    return Model(flat, model.known)


def _of_one_version(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return ``proto`` with the domains of its functions in one version; it means nothing for these.

    ONNX leaves a call as it is where the function says another one than the model, as JAX's do.
    """
    domains = {function.domain for function in proto.functions}
    said = {opset.domain: opset.version for opset in proto.opset_import}
    new = onnx.ModelProto()
    new.CopyFrom(proto)
    for opset in (o for function in new.functions for o in function.opset_import):
        if opset.domain in domains and opset.domain in said:
            opset.version = said[opset.domain]
    return new


def branches(model: Model) -> tuple[Node, ...]:
    """Return every If of the outer graph whose condition is written in the file."""
    taken = dict(_taken(model))
    return tuple(node for node in model.nodes if node.index in taken)


def _taken(model: Model) -> Iterator[tuple[int, onnx.GraphProto]]:
    """Yield the index of each If whose condition is written in the file, and the branch taken."""
    for node in model.nodes:
        if node.op == "If" and node.inputs and node.inputs[0] in model.constants:
            holds = bool(model.constant(node.inputs[0]).all())
            branch: Any = node.attribute("then_branch" if holds else "else_branch")
            if isinstance(branch, onnx.GraphProto):
                yield node.index, branch


def _without_branches(model: Model, taken: dict[int, onnx.GraphProto]) -> Model:
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    del new.graph.node[:]
    for node in model.nodes:
        if node.index in taken:
            _write_out(new.graph, taken[node.index], node.outputs)
        else:
            new.graph.node.append(node.proto)
    return Model(new, model.known)


def _write_out(graph: onnx.GraphProto, branch: onnx.GraphProto, outputs: tuple[str, ...]) -> None:
    """Add what ``branch`` computes to ``graph``, its outputs under the names ``outputs``."""
    written = {name for node in branch.node for name in node.output}
    pairs = [(o.name, name) for o, name in zip(branch.output, outputs, strict=False) if name]
    names: dict[str, str] = {}
    for inner, outer in pairs:
        if inner in written:
            names.setdefault(inner, outer)
    flat = renamed(branch, names, {})
    graph.node.extend(flat.node)
    graph.initializer.extend(flat.initializer)
    graph.sparse_initializer.extend(flat.sparse_initializer)
    graph.value_info.extend(flat.value_info)
    for inner, outer in pairs:
        if names.get(inner) != outer:
            graph.node.append(helper.make_node("Identity", [names.get(inner, inner)], [outer]))
