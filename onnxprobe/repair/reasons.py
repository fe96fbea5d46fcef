"""Why a file does not load, where nothing can be mended with certainty: in terms of ONNX, not of a runtime."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import onnx
from onnx import defs

from onnxprobe.errors import plural
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.opsets.forms import bounded, takes
from onnxprobe.graph.paths.order import label

Schema = defs.OpSchema


def because(model: Model) -> str | None:
    """Return why ``model`` does not load, naming what it is; ``None`` where that is not known."""
    imports = {said.domain: said.version for said in model.proto.opset_import}
    opset = next((imports[domain] for domain in DEFAULT_DOMAINS if domain in imports), None)
    if opset is None:
        return "the file does not say of which opset it is"
    if opset > defs.onnx_opset_version():
        return (
            f"the file is of opset {opset}, and {defs.onnx_opset_version()} is the newest there is"
        )
    return _untyped(model) or next(_misfits(model, model.nodes, opset), None)


def misfit(model: Model) -> str | None:
    """Return what of a file is not as its opset has it; ``None`` where all is, as far as is known.

    Operators that ONNX has in no opset are left aside: a runtime may have them, as TensorRT does.
    """
    known = (node for node in model.nodes if _versions(node.op))
    return _untyped(model) or next(_misfits(model, known, model.opset), None)


def _untyped(model: Model) -> str | None:
    untyped = (i.name for i in model.proto.graph.input if i.type.WhichOneof("value") is None)
    name = next(untyped, None)
    return None if name is None else f"the input {name!r} is declared without a type"


def _misfits(model: Model, nodes: Iterable[Node], opset: int) -> Iterator[str]:
    well: set[tuple[Any, ...]] = set()  # most nodes are written like others
    for node in nodes:
        if node.proto.domain not in DEFAULT_DOMAINS or (form := _form(model, node)) in well:
            continue
        found = (why for check in _CHECKS if (why := check(model, node, opset)))
        why = next(found, None)
        if why is not None:
            yield why
        well.add(form)


def _form(model: Model, node: Node) -> tuple[Any, ...]:
    """Return all of a node that the checks below look at."""
    types = (value and value.dtype for value in map(model.values.get, node.inputs))
    attributes = ((attribute.name, attribute.type) for attribute in node.proto.attribute)
    left_out = tuple(map(bool, node.inputs))
    return (node.op, left_out, *types, len(node.outputs), *attributes)


def _operator(_model: Model, node: Node, opset: int) -> str | None:
    if not node.op:
        return f"the node {node.name!r} does not say what operator it is"
    versions = _versions(node.op)
    if not versions:
        return f"{label(node)} is no operator of ONNX"
    if versions[0].since_version > opset:
        first = versions[0].since_version
        return f"{label(node)} is an operator from opset {first} on; the file is of opset {opset}"
    if _schema(node, opset).deprecated:
        return f"{label(node)} is no operator any more; the file is of opset {opset}"
    return None


def _attributes(_model: Model, node: Node, opset: int) -> str | None:
    known: Mapping[str, Any] = _schema(node, opset).attributes
    for attribute in node.proto.attribute:
        if attribute.name not in known:
            other = [s.since_version for s in _versions(node.op) if attribute.name in s.attributes]
            when = f"only from opset {other[0]} on" if other and other[0] > opset else "not"
            return f"{label(node)} has an attribute {attribute.name!r}, which {node.op} of opset {opset} has {when}"
        want: Any = known[attribute.name].type
        have = onnx.AttributeProto.AttributeType.Name(attribute.type)
        if have not in {"UNDEFINED", want.name}:
            return f"{label(node)} has the attribute {attribute.name!r} as {have}; it must be {want.name}"
    said = {attribute.name for attribute in node.proto.attribute}
    for name, declared in known.items():
        if declared.required and name not in said:
            return f"{label(node)} has no attribute {name!r}, which must be there"
    if node.op == "Constant" and not said:
        return f"{label(node)} has no value"
    return None


def _ends(_model: Model, node: Node, opset: int) -> str | None:
    schema = _schema(node, opset)
    for what, names, least, most in (
        ("reads", node.proto.input, schema.min_input, schema.max_input),
        ("writes", node.proto.output, schema.min_output, schema.max_output),
    ):
        if not least <= len(names) <= most:
            bounds = str(least) if least == most else f"{least} to {most}"
            return f"{label(node)} {what} {plural(len(names), 'tensor')}; {node.op} of opset {opset} {what} {bounds}"
    for name, end in zip(node.inputs, schema.inputs, strict=False):
        if not name and end.option == Schema.FormalParameterOption.Single:
            return f"{label(node)} leaves out the input {end.name!r}, which must be there"
    return None


def _types(model: Model, node: Node, opset: int) -> str | None:
    schema = _schema(node, opset)
    variables = {constraint.type_param_str for constraint in schema.type_constraints}
    bound: dict[str, tuple[str, str]] = {}
    for i, name in enumerate(node.inputs):
        end = schema.inputs[min(i, len(schema.inputs) - 1)]
        value = model.values.get(name)
        if value is None or value.dtype is None:
            continue
        if not takes(schema, end, value.dtype):
            return f"{label(node)} reads {name!r} as {value.dtype}, which it does not take there"
        first, dtype = bound.setdefault(end.type_str, (name, value.dtype))
        if dtype != value.dtype and end.type_str in variables and end.is_homogeneous:
            return f"{label(node)} reads {first!r} as {dtype} and {name!r} as {value.dtype}, which must be of one type"
    return None


_CHECKS: Final[tuple[Callable[[Model, Node, int], str | None], ...]] = (
    _operator,
    _attributes,
    _ends,
    _types,
)
"""Each relies on those before."""


@cache
def _versions(op: str) -> list[Schema]:
    """Return every form of an operator, the oldest first."""
    found = (s for s in defs.get_all_schemas_with_history() if s.domain == "" and s.name == op)
    return sorted(found, key=lambda schema: schema.since_version)


def _schema(node: Node, opset: int) -> Schema:
    return _schema_of(node.op, opset)


@cache
def _schema_of(op: str, opset: int) -> Schema:
    return defs.get_schema(op, max_inclusive_version=bounded(opset), domain="")
