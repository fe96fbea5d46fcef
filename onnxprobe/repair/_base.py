"""What an ailment of a file is, and how it is mended."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import onnx

from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.value import Value

Names = tuple[str, ...]
When = Literal["always", "refused", "asked"]


@dataclass(frozen=True, slots=True)
class Ailment:
    """Something that is wrong with many files, and does not change what they mean to compute.

    Attributes:
        name: what it is called on the command line.
        wrong: what is found, e.g. ``"inputs that nothing reads"``.
        mended: what is done, e.g. ``"taken out"``.
        find: names what is affected, nothing where the file is well.
        mend: returns the model with exactly that changed.
        when: it is treated; a file may be well with it, so that it is left alone unless the file does
            not load, or unless that is asked for.
    """

    name: str
    wrong: str
    mended: str
    find: Callable[[Model], Names]
    mend: Callable[[Model, Names], Model]
    when: When = "always"


def copied(model: Model) -> onnx.ModelProto:
    """Return a copy of the file that may be changed."""
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    return new


def keep(field: Any, things: Iterable[Any]) -> None:
    """Make ``things`` all there is in a repeated field."""
    kept = list(things)
    del field[:]
    field.extend(kept)


def says_opset(model: Model) -> bool:
    """Tell whether the file imports the default operator set, in whatever version."""
    return any(said.domain in DEFAULT_DOMAINS for said in model.proto.opset_import)


def repeated(names: Iterable[str]) -> Names:
    """Return the names that come more than once."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return tuple(twice)


def read(model: Model) -> set[str]:
    """Return every tensor that a node reads or the model returns."""
    return {*model.readers, *model.outputs}


def declarations(proto: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """Return what a file says of inner tensors and outputs."""
    return [*proto.graph.value_info, *proto.graph.output]


_FOLLOWING: Final[WeakKeyDictionary[Model, Mapping[str, Value]]] = WeakKeyDictionary()
"""Models never change, so what follows from each is inferred once."""


def following(model: Model) -> Mapping[str, Value]:
    """Return what shape inference knows where nothing is declared of what nodes write."""
    if model not in _FOLLOWING:
        bare = copied(model)
        del bare.graph.value_info[:]
        for info in bare.graph.output:
            info.ClearField("type")
        _FOLLOWING[model] = Model(bare).values
    return _FOLLOWING[model]


def redeclared(model: Model, new: onnx.ModelProto) -> Model:
    """Return ``new``, which is ``model`` but for what is declared of what nodes write."""
    mended = Model(new, model.known)
    if model in _FOLLOWING:
        _FOLLOWING[mended] = _FOLLOWING[model]
    return mended


def without(model: Model, gone: Collection[str], *fields: str) -> Model:
    """Return ``model`` without the entries of these fields of its graph that are named so."""
    new = copied(model)
    for field in fields:
        entries = getattr(new.graph, field)
        keep(entries, [entry for entry in entries if entry.name not in gone])
    return Model(new, model.known)
