"""Operator sets whose operators a file uses and that it does not import.

Which version is meant is certain where there is one, or one form of every operator that is used.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import onnx
from onnx import defs

from onnxprobe.graph.bodies import every_node
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.repair._base import Ailment, Names, copied

_SINGLE: Final = frozenset({"com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"})
"""Operator sets that have a version 1 and no other."""


def find(model: Model) -> Names:
    """Name the operator sets that are used, not imported, and of a version that is certain."""
    return tuple(domain for domain in _missing(model) if _version(model, domain) is not None)


def mend(model: Model, names: Names) -> Model:
    """Import them, in local functions too."""
    new = copied(model)
    for domain in names:
        version = _version(model, domain)
        for imports, nodes in _scopes(new):
            used = any(node.domain == domain for node in every_node(nodes))
            if used and domain not in {said.domain for said in imports}:
                imports.add(domain=domain, version=version)
    return Model(new, model.known)


def _missing(model: Model) -> list[str]:
    found = dict[str, None]()
    for imports, nodes in _scopes(model.proto):
        there = {said.domain for said in imports}
        used = (node.domain for node in every_node(nodes))
        found |= dict.fromkeys(d for d in used if d not in there and _told(model, d))
    return list(found)


def _told(model: Model, domain: str) -> bool:
    """Tell whether a missing import is to be made; that of ONNX itself, where the file has it."""
    imports = {said.domain for said in model.proto.opset_import}
    return domain not in DEFAULT_DOMAINS or domain in imports


def _scopes(proto: onnx.ModelProto) -> Iterator[tuple[Any, Iterable[onnx.NodeProto]]]:
    """Return what is imported beside the nodes it is imported for."""
    yield proto.opset_import, proto.graph.node
    for function in proto.functions:
        yield function.opset_import, function.node


def _version(model: Model, domain: str) -> int | None:
    """Return the version of ``domain`` that is meant; ``None`` where that is not certain."""
    said = [o.version for o in model.proto.opset_import if o.domain == domain]
    if said:
        return said[0]
    if domain in _SINGLE or domain in {function.domain for function in model.proto.functions}:
        return 1
    nodes = (node for _, scope in _scopes(model.proto) for node in every_node(scope))
    used = {node.op_type for node in nodes if node.domain == domain}
    known = [s for s in defs.get_all_schemas_with_history() if s.domain == domain]
    forms = [[s.since_version for s in known if s.name == op] for op in used]
    return max(form for (form,) in forms) if all(len(form) == 1 for form in forms) else None


UNIMPORTED: Final = Ailment(
    "unimported", "operator sets that are used and not imported", "imported", find, mend
)
