"""Whether a node means the same under two versions of its operator, judged by their schemas.

Most versions of an operator add types, or an attribute whose default is what was so before. A node
that uses neither is the same in both.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import onnx
from onnx import defs, helper

from onnxprobe.graph.opsets.adapters import NoFormError
from onnxprobe.graph.value import Value

Schema = defs.OpSchema
_OTHER_MEANING: Final = frozenset(
    {("RoiAlign", 16), ("GroupNormalization", 21), ("GridSample", 20)}
)
"""Versions that read the same but compute something else."""
_BROADCASTS_FROM: Final = {"Max": 8, "Mean": 8, "Min": 8, "Sum": 8}
_ONE_OF: Final = {"Resize": ("scales", "sizes")}
"""Inputs of which one must be there, though ONNX lets leave out each."""
_IDLE: Final = ("consumed_inputs", "output_sequence")
"""Attributes that said how memory is used or which results are wanted, never what they are."""
_NEGATIVE_AXES: Final = 11
"""The opset from which an axis may be counted from the end."""
_LARGEST: Final = 2**31 - 1
"""The largest opset that ONNX can be asked for."""
_ONNX_NAMES: Final = {"float32": "float", "float64": "double", "str": "string"}


def schema(op: str, opset: int) -> Schema | None:
    """Return what ``op`` means in ``opset``; ``None`` where there is no such operator, or no longer."""
    found = _any_schema(op, opset)
    return None if found is None or found.deprecated else found


def since(op: str, opset: int) -> int | None:
    """Return the opset in which the form of ``op`` that ``opset`` means appeared, if it has it.

    >>> since("Squeeze", 12), since("Squeeze", 17), since("Gelu", 17)
    (11, 13, None)
    """
    found = schema(op, opset)
    return None if found is None else int(found.since_version)


def carried(
    node: onnx.NodeProto, have: int, want: int, values: Mapping[str, Value]
) -> onnx.NodeProto:
    """Return ``node`` of opset ``have`` as ``want`` writes it: the same, but for defaults.

    Raises:
        NoFormError: it uses what ``want`` does not have.
    """
    old, new = _any_schema(node.op_type, have), schema(node.op_type, want)
    if new is None or old is None:
        raise NoFormError("no such operator")
    if old.since_version == new.since_version:
        return node
    low, high = sorted((old.since_version, new.since_version))
    if any(op == node.op_type and low < at <= high for op, at in _OTHER_MEANING):
        raise NoFormError(f"its form of opset {new.since_version}, which computes something else")
    _same_ends("inputs", list(node.input), old.inputs, new.inputs)
    _same_ends("outputs", list(node.output), old.outputs, new.outputs)
    _same_types(node, new, values)
    if want < _BROADCASTS_FROM.get(node.op_type, want):
        _same_shapes(node, values)
    return _same_attributes(node, old, new)


def from_the_front(node: onnx.NodeProto, want: int, values: Mapping[str, Value]) -> onnx.NodeProto:
    """Return ``node`` with its axes counted from the front, where ``want`` knows no other way.

    Raises:
        NoFormError: the number of axes is not known.
    """
    negative = [a for a in node.attribute if a.name in {"axis", "axes"} and _any_negative(a)]
    if want >= _NEGATIVE_AXES or not negative:
        return node
    value = values.get(node.output[0] if node.op_type == "Unsqueeze" else node.input[0])
    if value is None or value.shape is None:
        raise NoFormError("no axes counted from the end")
    rank = len(value.shape)
    new = onnx.NodeProto()
    new.CopyFrom(node)
    for attribute in new.attribute:
        if attribute.name in {"axis", "axes"}:
            attribute.i %= rank
            attribute.ints[:] = [axis % rank for axis in attribute.ints]
    return new


def fits(node: onnx.NodeProto, form: Schema) -> bool:
    """Tell whether ``node`` is written as ``form`` has it: its attributes and its inputs."""
    said = tuple((attribute.name, attribute.type) for attribute in node.attribute)
    return _fits(node.op_type, form.since_version, said, tuple(map(bool, node.input)))


@lru_cache(maxsize=1024)
def _fits(
    op: str, version: int, said: tuple[tuple[str, int], ...], given: tuple[bool, ...]
) -> bool:
    form = defs.get_schema(op, max_inclusive_version=version, domain="")
    declared, names = form.attributes, {name for name, _ in said}
    if not all(name in declared and _is_kind(kind, declared[name]) for name, kind in said):
        return False
    if any(attribute.required and name not in names for name, attribute in declared.items()):
        return False
    if not form.min_input <= len(given) <= form.max_input:
        return False
    ends = list(zip(given, form.inputs, strict=False))
    one_of = _ONE_OF.get(op)
    if one_of is not None and not any(there and end.name in one_of for there, end in ends):
        return False
    return all(there or end.option != Schema.FormalParameterOption.Single for there, end in ends)


def takes(of: Schema, end: Any, dtype: str) -> bool:
    """Tell whether ``end``, an input of the operator ``of``, takes numbers of ``dtype``."""
    allowed = {c.type_param_str: c.allowed_type_strs for c in of.type_constraints}
    written = f"tensor({_ONNX_NAMES.get(dtype, dtype)})"
    return written in allowed.get(end.type_str, {end.type_str})


def bounded(opset: int) -> int:
    """Return what ONNX can be asked for: a damaged file may say any opset."""
    return max(0, min(opset, _LARGEST))


@lru_cache(maxsize=1024)
def _any_schema(op: str, opset: int) -> Schema | None:
    try:
        return defs.get_schema(op, max_inclusive_version=bounded(opset), domain="")
    except defs.SchemaError:
        return None


def _is_kind(kind: int, declared: Any) -> bool:
    have = onnx.AttributeProto.AttributeType.Name(kind)
    return have in {"UNDEFINED", declared.type.name}


def _any_negative(attribute: onnx.AttributeProto) -> bool:
    return attribute.i < 0 or any(axis < 0 for axis in attribute.ints)


def _same_ends(what: str, used: list[str], old: Any, new: Any) -> None:
    names = [end.name for end in old], [end.name for end in new]
    variadic = bool(new) and new[-1].option == Schema.FormalParameterOption.Variadic
    if len(used) > len(new) and not variadic:
        raise NoFormError(f"at most {len(new)} {what}")
    if names[0][: len(used)] != names[1][: len(used)]:
        raise NoFormError(f"other {what}: {', '.join(names[1])}")
    needed = [
        end.name for end in new[len(used) :] if end.option == Schema.FormalParameterOption.Single
    ]
    if needed:
        raise NoFormError(f"{', '.join(needed)} besides")


def _same_types(node: onnx.NodeProto, new: Schema, values: Mapping[str, Value]) -> None:
    for name, end in zip(node.input, new.inputs, strict=False):
        value = values.get(name)
        if value is None or value.dtype is None:
            continue
        if not takes(new, end, value.dtype):
            raise NoFormError(f"no {value.dtype} numbers there")


def _same_shapes(node: onnx.NodeProto, values: Mapping[str, Value]) -> None:
    shapes = {value.shape if (value := values.get(name)) else None for name in node.input}
    if len(node.input) > 1 and (len(shapes) > 1 or None in shapes):
        raise NoFormError("no broadcasting there")


def _same_attributes(node: onnx.NodeProto, old: Schema, new: Schema) -> onnx.NodeProto:
    said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    result = onnx.NodeProto()
    result.CopyFrom(node)
    del result.attribute[:]
    for attribute in node.attribute:
        if attribute.name in new.attributes:
            if not _is_kind(attribute.type, new.attributes[attribute.name]):
                raise NoFormError(f"an attribute {attribute.name!r} of another type")
            result.attribute.append(attribute)
        elif attribute.name not in _IDLE and (
            attribute.name not in old.attributes
            or said[attribute.name] != _default(old, attribute.name)
        ):
            raise NoFormError(f"no attribute {attribute.name!r}")
    needed = [
        name for name, declared in new.attributes.items() if declared.required and name not in said
    ]
    if needed:
        raise NoFormError(f"an attribute {needed[0]!r} that must be there")
    return result


def _default(of: Schema, attribute: str) -> Any:
    default = of.attributes[attribute].default_value
    return helper.get_attribute_value(default) if default.name else None
