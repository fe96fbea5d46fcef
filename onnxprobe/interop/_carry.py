"""Put back what a library drops: compare with what it makes of the untouched model."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import onnx

_BY_FIELD: Final = frozenset(
    {"ModelProto", "GraphProto", "FunctionProto", "NodeProto", "AttributeProto", "ValueInfoProto"}
)
"""Messages of which a part can change while the rest stays; others change as a whole."""
_EXTRAS: Final = ("doc_string", "metadata_props", "overload", "device_configurations")
"""What is said about a thing, which libraries drop first."""
_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "node": lambda node: next(filter(None, node.output), f" {node.name}"),
    "initializer": lambda tensor: tensor.name,
    "sparse_initializer": lambda sparse: sparse.values.name,
    "input": lambda info: info.name,
    "output": lambda info: info.name,
    "value_info": lambda info: info.name,
    "quantization_annotation": lambda note: note.tensor_name,
    "attribute": lambda attribute: attribute.name,
    "functions": lambda function: (function.domain, function.name, function.overload),
}
"""Lists of things that have a name, and what they are known by."""
_LOST: Final = frozenset(_KEYS) - {"node", "output"}
"""Those in which what a library leaves out comes back."""
_IN_ANY_ORDER: Final = _LOST - {"input", "functions"}
"""Those whose order means nothing, so that it can be the old one."""


def carried(now: Any, untouched: Any, origin: Any) -> Any:
    """Return ``now`` with everything as in ``origin`` that nobody changed.

    Args:
        now: what the library writes of a graph that may have been changed.
        untouched: what it writes of ``origin``.
        origin: the model that the graph was made from, or a part of it.
    """
    if now == untouched:
        return origin
    if origin.DESCRIPTOR.name not in _BY_FIELD:
        return _described(now, untouched, origin)
    new = type(origin)()
    new.CopyFrom(origin)  # what a later ONNX says and this one does not know comes along
    for field in new.DESCRIPTOR.fields:
        new.ClearField(field.name)
        _field(new, field, now, untouched, origin)
    _prune(new, now, origin)
    return new


def _field(new: Any, field: Any, now: Any, untouched: Any, origin: Any) -> None:
    name, holds_messages = field.name, field.message_type is not None
    values = [getattr(message, name) for message in (now, untouched, origin)]
    changed = values[0] != values[1]
    if hasattr(values[0], "extend"):
        named = holds_messages and name in _KEYS
        things = _merged(name, *values) if named else values[0 if changed else 2]
        getattr(new, name).extend(things)
        return
    said = [message.HasField(name) for message in (now, untouched, origin)]
    if holds_messages and all(said):
        getattr(new, name).CopyFrom(carried(*values))
        return
    at = 0 if changed or said[0] != said[1] else 2
    if said[at] and holds_messages:
        getattr(new, name).CopyFrom(values[at])
    elif said[at]:
        setattr(new, name, values[at])


def _prune(new: Any, now: Any, origin: Any) -> None:
    """Take out of a graph or function what is said of tensors that were taken out of it."""
    if not isinstance(new, onnx.GraphProto | onnx.FunctionProto):
        return
    gone = _defined(origin) - _defined(new)
    if isinstance(new, onnx.GraphProto):
        weights = {tensor.name for tensor in new.initializer}
        listed = {info.name for info in now.input} | weights
        _keep(new.input, lambda info: info.name in listed)
        _keep(new.quantization_annotation, lambda note: note.tensor_name not in gone)
    _keep(new.value_info, lambda info: info.name not in gone)


def _keep(things: Any, wanted: Callable[[Any], bool]) -> None:
    kept = [thing for thing in things if wanted(thing)]
    if len(kept) < len(things):
        del things[:]
        things.extend(kept)


def _defined(part: onnx.GraphProto | onnx.FunctionProto) -> set[str]:
    names = {name for node in part.node for name in node.output}
    if isinstance(part, onnx.FunctionProto):
        return names.union(part.input)
    names.update(info.name for info in part.input)
    names.update(tensor.name for tensor in part.initializer)
    return names.union(sparse.values.name for sparse in part.sparse_initializer)


def _merged(name: str, now: Any, untouched: Any, origin: Any) -> Iterable[Any]:
    """Return a list of named things as it is now, with what was not touched as it was."""
    key = _KEYS[name]
    new, old, first = _named(now, key), _named(untouched, key), _named(origin, key)
    was = _renamed(new, old)
    found: dict[Any, Any] = {}
    for k, thing in new.items():
        before = was.get(k, k)
        if before not in old:
            found[before] = thing
        elif before in first:
            found[before] = carried(thing, old[before], first[before])
        elif thing != old[before]:  # else the library adds it of its own accord
            found[before] = thing
    if name in _LOST:
        found |= {k: thing for k, thing in first.items() if k not in old and k not in found}
    if name in _IN_ANY_ORDER or [was.get(k, k) for k in new] == list(old):
        place = {k: i for i, k in enumerate(first)}
        return [found[k] for k in sorted(found, key=lambda k: place.get(k, len(place)))]
    return found.values()


def _named(things: Any, key: Callable[[Any], Any]) -> dict[Any, Any]:
    """Return things by what they are known by; where several share a name, by their number too."""
    found: dict[Any, Any] = {}
    for thing in things:
        name = known = key(thing)
        number = 1
        while known in found:
            number += 1
            known = (name, number)
        found[known] = thing
    return found


def _renamed(new: Mapping[Any, Any], old: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return what things were called that have another name, and nothing else, in the same place."""
    if len(new) != len(old):
        return {}
    pairs = zip(new, old, strict=True)
    return {
        k: before
        for k, before in pairs
        if k not in old and before not in new and _kind(new[k]) == _kind(old[before])
    }


def _kind(thing: Any) -> object:
    return getattr(thing, "op_type", None)


def _described(thing: Any, untouched: Any, old: Any) -> Any:
    """Return ``thing`` with what ``old`` says about it, where the library knows of nothing."""
    for name in _EXTRAS:
        if not getattr(untouched, name, None) and not getattr(thing, name, None):
            value = getattr(old, name, None)
            if isinstance(value, str) and value:
                setattr(thing, name, value)
            elif value:
                getattr(thing, name).extend(value)
    return thing
