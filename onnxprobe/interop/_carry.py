"""Put back what a library drops: compare with what it makes of the untouched model."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import onnx

from onnxprobe.errors import MissingExtraError
from onnxprobe.graph.names import tensor_names

_DESCRIBED: Final = ("doc_string", "metadata_props")
_KEYS: Final[dict[str, Callable[[Any], str]]] = {
    "node": lambda node: next(filter(None, node.output), f" {node.name}"),
    "initializer": lambda tensor: str(tensor.name),
    "sparse_initializer": lambda sparse: str(sparse.values.name),
    "input": lambda info: str(info.name),
    "output": lambda info: str(info.name),
    "value_info": lambda info: str(info.name),
    "quantization_annotation": lambda note: str(note.tensor_name),
}
"""The lists of a graph, and what their entries are known by."""


def carried(
    now: onnx.ModelProto, untouched: onnx.ModelProto, origin: onnx.ModelProto
) -> onnx.ModelProto:
    """Return ``now`` with everything as in ``origin`` that nobody changed.

    Args:
        now: what the library writes of a graph that may have been changed.
        untouched: what it writes of ``origin``.
        origin: the model that the graph was made from.
    """
    new = onnx.ModelProto()
    for field in onnx.ModelProto.DESCRIPTOR.fields:
        if field.name not in ("graph", "functions"):
            _field(new, field.name, now, untouched, origin)
    function = _Keyed(now.functions, untouched.functions, origin.functions, key=_function)
    new.functions.extend(function.merged())
    _graph(new.graph, now.graph, untouched.graph, origin.graph)
    return new


def _graph(
    new: onnx.GraphProto, now: onnx.GraphProto, untouched: onnx.GraphProto, origin: onnx.GraphProto
) -> None:
    def things(name: str) -> "_Keyed":
        lists = (getattr(now, name), getattr(untouched, name), getattr(origin, name))
        return _Keyed(*lists, key=_KEYS[name])

    for field in onnx.GraphProto.DESCRIPTOR.fields:
        if field.name not in _KEYS:
            _field(new, field.name, now, untouched, origin)
    new.node.extend(things("node").merged())
    new.output.extend(things("output").merged())
    for name in ("initializer", "sparse_initializer"):
        getattr(new, name).extend(things(name).merged(lost=True, in_order=True))
    weights = {tensor.name for tensor in new.initializer}
    inputs = things("input")
    new.input.extend(
        info
        for info in inputs.merged(lost=True)
        if info.name in weights or info.name not in inputs.dropped
    )
    gone = tensor_names(origin) - tensor_names(new)
    for name in ("value_info", "quantization_annotation"):
        kept = things(name).merged(lost=True, in_order=True)
        getattr(new, name).extend(thing for thing in kept if _KEYS[name](thing) not in gone)


def _field(new: Any, name: str, now: Any, untouched: Any, origin: Any) -> None:
    source = origin if getattr(now, name) == getattr(untouched, name) else now
    value = getattr(source, name)
    if hasattr(value, "extend"):
        getattr(new, name).extend(value)
    elif source.HasField(name):
        setattr(new, name, value)


class _Keyed:
    """A list of things that have a name, as a library writes it now and as it was."""

    def __init__(self, now: Any, untouched: Any, origin: Any, *, key: Callable[[Any], Any]) -> None:
        self.now = {key(thing): thing for thing in now}
        self.untouched = {key(thing): thing for thing in untouched}
        self.origin = {key(thing): thing for thing in origin}
        self.dropped = [k for k in self.origin if k not in self.untouched]

    def merged(self, *, lost: bool = False, in_order: bool = False) -> list[Any]:
        """Return what there is now, with what was not touched as it was.

        Args:
            lost: whether what the library leaves out comes back.
            in_order: whether the order means nothing, so that it can be the old one.
        """
        found = {k: self._thing(k, thing) for k, thing in self.now.items() if not self._made_up(k)}
        if lost:
            found |= {k: self.origin[k] for k in self.dropped if k not in found}
        if in_order or list(self.now) == list(self.untouched):
            place = {k: i for i, k in enumerate(self.origin)}
            return [found[k] for k in sorted(found, key=lambda k: place.get(k, len(place)))]
        return list(found.values())

    def _made_up(self, key: Any) -> bool:
        """Tell whether the library adds this of its own accord."""
        added = key in self.untouched and key not in self.origin
        return bool(added and self.now[key] == self.untouched[key])

    def _thing(self, key: Any, thing: Any) -> Any:
        old = self.origin.get(key)
        if old is None or key not in self.untouched:
            return thing
        return old if self.untouched[key] == thing else _described(thing, self.untouched[key], old)


def _described(thing: Any, untouched: Any, old: Any) -> Any:
    """Return ``thing`` with the description of ``old``, where the library knows of none."""
    for name in _DESCRIBED:
        if not getattr(untouched, name, None) and not getattr(thing, name, None):
            value = getattr(old, name, None)
            if isinstance(value, str) and value:
                setattr(thing, name, value)
            elif value:
                getattr(thing, name).extend(value)
    return thing


def _function(function: onnx.FunctionProto) -> tuple[str, str]:
    return function.domain, function.name


def missing(what: str, package: str) -> MissingExtraError:
    """Return the error for a package that is not installed."""
    return MissingExtraError(what, package, extra="interop")


def entries(said: Mapping[str, object]) -> list[onnx.StringStringEntryProto]:
    """Return a mapping in the form that protobuf keeps it in."""
    return [onnx.StringStringEntryProto(key=key, value=str(value)) for key, value in said.items()]
