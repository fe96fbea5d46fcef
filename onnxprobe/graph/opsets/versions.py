"""Operators have versions: which one a file means, and the same head for another opset."""

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import onnx
from onnx import defs

from onnxprobe.errors import VersionError
from onnxprobe.graph.bodies import bodies, every_node
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.names import Names
from onnxprobe.graph.opsets.adapters import ADAPTERS, Nodes, NoFormError, Rule, Site
from onnxprobe.graph.opsets.forms import carried, fits, from_the_front, schema, since

__all__ = ["at_opset", "has_form", "in_own_form", "one_import", "restampable", "since"]


def at_opset(head: Model, opset: int) -> Model:
    """Return ``head`` as a model of ``opset``.

    An operator that did not change between the two, or only in what this node does not use, stays
    as it is; one whose form changed is written in the other form (see ``graph.adapters``); one that
    has no such form is refused by name. The default operator set is imported once.

    Raises:
        VersionError: an operator has no form in ``opset`` that means the same.
    """
    head = one_import(head)
    if head.opset == opset:
        return head
    proto = onnx.ModelProto()
    proto.CopyFrom(head.proto)
    read_before = set(_read(proto.graph))
    known = {t.name: t for t in _constants(proto.graph)}
    _convert(proto.graph, Site(onnx.NodeProto(), head, known, Names.of(proto.graph).tensors), opset)
    _drop(proto.graph, read_before - set(_read(proto.graph)))
    return Model(_importing(proto, opset), head.known)


def has_form(node: onnx.NodeProto, opset: int) -> bool:
    """Tell whether an operator of ``opset`` has the attributes of ``node``, and its inputs."""
    found = schema(node.op_type, opset)
    return found is not None and fits(node, found)


def restampable(node: onnx.NodeProto, version: int) -> bool:
    """Tell whether a node of ai.onnx.ml means the same under another ``version`` of that set.

    Its operators have only gained attributes and types, until one took the place of others.
    """
    try:
        found = defs.get_schema(node.op_type, version, node.domain)
    except defs.SchemaError:
        return False
    return not found.deprecated and all(a.name in found.attributes for a in node.attribute)


def in_own_form(model: Model, node: onnx.NodeProto) -> Nodes | None:
    """Return what a node of ``model`` means that has the form of another opset, in that of the model.

    ``None`` where its form fits already, fits no opset, or means one thing in one and another in the next.
    """
    if has_form(node, model.opset):
        return None
    found = {}
    for opset in filter(partial(has_form, node), range(1, defs.onnx_opset_version() + 1)):
        site = Site(node, model, model.tensors, set(model.used.tensors))
        try:
            nodes = _converted(site, opset, model.opset)
        except VersionError:
            continue
        found[b"".join(new.SerializeToString(deterministic=True) for new in nodes)] = nodes
    return next(iter(found.values())) if len(found) == 1 else None


def one_import(model: Model) -> Model:
    """Return ``model`` with its operator sets imported once each.

    Converters write the default one twice; some then change only one of the two. The version is the
    one under which every operator has the form that the file uses.

    Raises:
        VersionError: none of the versions fits all operators, or several do and mean different things.
    """
    said = sorted({o.version for o in model.proto.opset_import if o.domain in DEFAULT_DOMAINS})
    imports = [
        (o.domain if o.domain not in DEFAULT_DOMAINS else "") for o in model.proto.opset_import
    ]
    if len(said) < 2 and len(imports) == len(set(imports)):  # noqa: PLR2004
        return model
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    return Model(
        _importing(new, _fitting(model, said) if len(said) > 1 else model.opset), model.known
    )


def _fitting(model: Model, versions: list[int]) -> int:
    nodes = [n for n in every_node(model.proto.graph.node) if n.domain in DEFAULT_DOMAINS]
    fitting = [v for v in versions if all(has_form(node, v) for node in nodes)]
    same = {tuple(since(node.op_type, v) for node in nodes) for v in fitting}
    if len(same) != 1:
        raise VersionError(
            f"the model imports the opset as {' and as '.join(map(str, versions))}, and which one its "
            "nodes mean cannot be told; export it again"
        )
    return fitting[-1]


def _importing(proto: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    others = {o.domain: o for o in proto.opset_import if o.domain not in DEFAULT_DOMAINS}
    del proto.opset_import[:]
    proto.opset_import.append(onnx.OperatorSetIdProto(domain="", version=opset))
    proto.opset_import.extend(others.values())
    return proto


def _convert(graph: onnx.GraphProto, site: Site, opset: int) -> None:
    nodes: Nodes = []
    for node in graph.node:
        for body in bodies(node):
            _convert(body, site, opset)
        if node.domain in DEFAULT_DOMAINS:
            nodes.extend(_converted(replace(site, node=node), site.model.opset, opset))
        else:
            nodes.append(node)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)


def _converted(site: Site, have: int, want: int) -> Nodes:
    """Walk from ``have`` to ``want``, one changed form at a time."""
    node = site.node
    try:
        rule = _next_rule(node.op_type, have, want)
        if rule is None:
            return [
                from_the_front(
                    carried(node, have, want, site.model.values), want, site.model.values
                )
            ]
        before, after = (rule.at - 1, rule.at) if want > have else (rule.at, rule.at - 1)
        rewrite = rule.up if want > have else rule.down
        there = carried(node, have, before, site.model.values)
        new = rewrite(replace(site, node=there))
    except NoFormError as why:
        raise VersionError(
            f"the head needs {node.op_type} as opset {since(node.op_type, have) or have} has it, but the "
            f"backbone is opset {want}, which has {why}; export the head for opset {want}"
        ) from None
    made = {n.output[0]: a.t for n in new for a in n.attribute if a.name == "value"}
    known = ChainMap(made, site.constants)  # type: ignore[arg-type]  # looked at alone
    site = replace(site, constants=known)
    return [done for step in new for done in _converted(replace(site, node=step), after, want)]


def _next_rule(op: str, have: int, want: int) -> Rule | None:
    low, high = sorted((have, want))
    between = [rule for rule in ADAPTERS.values() if rule.op == op and low < rule.at <= high]
    if not between:
        return None
    return (min if want > have else max)(between, key=lambda rule: rule.at)


def _drop(graph: onnx.GraphProto, unread: set[str]) -> None:
    """Take out constants that moved into an attribute."""
    weights = [t for t in graph.initializer if t.name not in unread]
    inputs = [v for v in graph.input if v.name not in unread]
    nodes = [n for n in graph.node if n.op_type != "Constant" or not unread.issuperset(n.output)]
    del graph.initializer[:], graph.input[:], graph.node[:]
    graph.initializer.extend(weights)
    graph.input.extend(inputs)
    graph.node.extend(nodes)
    for node in graph.node:
        for body in bodies(node):
            _drop(body, unread)


def _read(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (info.name for info in graph.output)
    for node in graph.node:
        yield from node.input
        for body in bodies(node):
            yield from _read(body)


def _constants(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    for tensor in graph.initializer:
        yield tensor
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                tensor = onnx.TensorProto()
                tensor.CopyFrom(attribute.t)
                tensor.name = node.output[0]
                yield tensor
        for body in bodies(node):
            yield from _constants(body)
