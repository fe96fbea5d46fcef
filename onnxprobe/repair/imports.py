"""One operator set imported twice, as some converters write it."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import onnx

from onnxprobe.errors import VersionError
from onnxprobe.graph.bodies import every_node
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.opsets.versions import since
from onnxprobe.repair._base import Ailment, Names, copied, keep, repeated


def find(model: Model) -> Names:
    """Name the domains that are imported more than once."""
    return repeated(_domain(o.domain) for o in model.proto.opset_import)


def mend(model: Model, names: Names) -> Model:
    """Keep the lowest version of each, where all operators mean the same in every one.

    Raises:
        VersionError: an operator changed between the versions that are imported.
    """
    new = copied(model)
    kept: dict[str, onnx.OperatorSetIdProto] = {}
    for said in new.opset_import:
        domain = _domain(said.domain)
        if domain not in kept or said.version < kept[domain].version:
            kept[domain] = said
    for domain in names:
        versions = {o.version for o in new.opset_import if _domain(o.domain) == domain}
        _check_same(new, domain, versions)
    keep(new.opset_import, kept.values())
    return Model(new, model.known)


def _check_same(model: onnx.ModelProto, domain: str, versions: Collection[int]) -> None:
    if len(versions) == 1:
        return
    said = " and ".join(map(str, sorted(versions)))
    if domain not in DEFAULT_DOMAINS:
        raise VersionError(
            f"the file imports {domain} as {said}; which of them it means is not clear"
        )
    for op in sorted(set(_operators(model.graph.node))):
        if len({since(op, version) for version in versions}) > 1:
            raise VersionError(
                f"the file imports opset {said}, and {op} differs between them; which of them it "
                "means is not clear"
            )


def _domain(name: str) -> str:
    return "ai.onnx" if name in DEFAULT_DOMAINS else name


def _operators(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    return (node.op_type for node in every_node(nodes) if node.domain in DEFAULT_DOMAINS)


IMPORTS: Final = Ailment(
    "imports", "operator sets that are imported twice", "imported once", find, mend
)
