"""Operators have versions: which one a file means, and the same head for another opset."""

from collections.abc import Iterable, Iterator

import onnx
from onnx import defs

from onnxprobe.errors import VersionError
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, bodies


def at_opset(head: Model, opset: int) -> Model:
    """Return ``head`` as a model of ``opset``, where its operators mean the same there.

    Most operators did not change between two opsets; then only the stamp changes. One that did
    is refused by name.

    Raises:
        VersionError: an operator changed, or does not exist, between the two opsets.
    """
    if head.opset == opset:
        return head
    for node in _every_node(head.proto.graph.node):
        if node.domain in DEFAULT_DOMAINS:
            _same_in_both(node, head.opset, opset)
    new = onnx.ModelProto()
    new.CopyFrom(head.proto)
    others = [o for o in head.proto.opset_import if o.domain not in DEFAULT_DOMAINS]
    del new.opset_import[:]
    new.opset_import.append(onnx.OperatorSetIdProto(domain="", version=opset))
    new.opset_import.extend(others)
    return Model(new, head.known)


def since(op: str, opset: int) -> int | None:
    """Return the opset in which the form of ``op`` that ``opset`` means appeared, if it has it.

    >>> since("Squeeze", 12), since("Squeeze", 17), since("Gelu", 17)
    (11, 13, None)
    """
    try:
        return int(defs.get_schema(op, max_inclusive_version=opset, domain="").since_version)
    except defs.SchemaError:
        return None


def _same_in_both(node: onnx.NodeProto, have: int, want: int) -> None:
    ours, theirs = since(node.op_type, have), since(node.op_type, want)
    if ours is None or ours != theirs:
        said = f"its form of opset {theirs}" if theirs else "no such operator"
        raise VersionError(
            f"the head needs {node.op_type} as opset {ours or have} has it, but the backbone is "
            f"opset {want}, which has {said}; export the head for opset {want}"
        )


def _every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for body in bodies(node):
            yield from _every_node(body.node)
