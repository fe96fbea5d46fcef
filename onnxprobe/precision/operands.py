"""Which operands of a node may be float16: what the operator's definition says, and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Final

import onnx
from onnx import defs

from onnxprobe.graph.bodies import bodies
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.opsets.forms import bounded

_HALF: Final = "tensor(float16)"
_SAYS_ITS_TYPE: Final = frozenset({"dtype", "value", "output_dtype"})
"""Attributes that fix the type of an output, whatever the inputs are."""


def half_operands(model: Model, node: Node) -> frozenset[str]:
    """Return the float32 tensors, read or written, that ``node`` takes as float16 as well.

    All that the definition ties to one type are float16 or none is. Nodes with bodies, of local
    functions or of operator sets that are not known take what they took.
    """
    versions = {o.domain: o.version for o in model.proto.opset_import}
    schema = _schema(node.proto, versions, model.opset)
    if schema is None or bodies(node.proto):
        return frozenset()
    if any(attribute.name in _SAYS_ITS_TYPE for attribute in node.proto.attribute):
        return frozenset()
    allowed = {c.type_param_str: _HALF in c.allowed_type_strs for c in schema.type_constraints}
    operands = list(_typed(schema, node))
    singles = [(n, kind) for n, kind in operands if model.values[n].dtype == "float32"]
    # a sequence or a map, or what inference could not tell: what is tied to it stays as it is
    fixed = {kind for n, kind in operands if n in model.values and model.values[n].dtype is None}
    if node.op == "Cast":  # its attribute fixes the output
        fixed.add("T2")
    return frozenset(n for n, kind in singles if allowed.get(kind, False) and kind not in fixed)


def _schema(node: onnx.NodeProto, versions: Mapping[str, int], opset: int) -> defs.OpSchema | None:
    default = node.domain in DEFAULT_DOMAINS
    version = opset if default else versions.get(node.domain, 1)
    try:
        return defs.get_schema(node.op_type, bounded(version), "" if default else node.domain)
    except defs.SchemaError:
        return None


def _typed(schema: defs.OpSchema, node: Node) -> Iterator[tuple[str, str]]:
    """Yield each operand that is there, and the name of its type in the definition."""
    for names, formal in ((node.inputs, schema.inputs), (node.outputs, schema.outputs)):
        for place, name in enumerate(names):
            if name and formal:
                yield name, formal[min(place, len(formal) - 1)].type_str
