"""Whether a target loads a model, and if not, what stands in the way."""

from collections.abc import Iterator
from dataclasses import dataclass

import onnx

from onnxprobe.errors import VersionError
from onnxprobe.graph.bodies import every_node
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.value import Value
from onnxprobe.targets._base import Target


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that a target does not load.

    Attributes:
        what: what the model has: an operator with its version, a type, a version.
        why: what the target has instead.
        how: what to do about it.
        ours: whether it came with a head; else the backbone had it already.
    """

    what: str
    why: str
    how: str
    ours: bool

    def __str__(self) -> str:
        owner = "a head" if self.ours else "the backbone"
        return f"{owner} needs {self.what}, but {self.why}; {self.how}"


def obstacles(
    model: Model, target: Target, *, backbone: Model | None = None
) -> tuple[Obstacle, ...]:
    """Return what keeps ``target`` from loading ``model``; nothing if it does, as far as is known.

    Args:
        model: what is to be loaded.
        target: where.
        backbone: the model before heads were fused in, to tell whose obstacle it is.
    """
    theirs = _written_by(backbone) if backbone is not None else frozenset()
    return (
        *_versions(model, target, ours=backbone is None),
        *_operators(model, target, theirs),
        *_types(model, target, theirs),
        *_outputs(model, target, backbone),
    )


def require(model: Model, target: Target, *, backbone: Model | None = None) -> None:
    """Raise where ``target`` does not load ``model``.

    Raises:
        VersionError: the message names the operator or version, the target's, and what to do.
    """
    found = obstacles(model, target, backbone=backbone)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise VersionError(f"{found[0]}{more}")


def _versions(model: Model, target: Target, *, ours: bool) -> Iterator[Obstacle]:
    release = target.release
    for what, has, most in (
        ("opset", model.opset, release.opset),
        ("IR version", model.ir_version, release.ir),
    ):
        if has <= most:
            continue
        later = target.runtime.first_with(opset=model.opset, ir=model.ir_version)
        other = f", or choose --target {target.runtime.name}=={later.version}" if later else ""
        how = f"export it for {what} {most}{other}"
        yield Obstacle(f"{what} {has}", f"{target} loads at most {most}", how, ours)
    if model.opset < target.runtime.oldest_opset:
        least = target.runtime.oldest_opset
        yield Obstacle(
            f"opset {model.opset}",
            f"{target} loads none below {least}",
            f"export it for {least}",
            ours,
        )


def _operators(model: Model, target: Target, theirs: frozenset[str]) -> Iterator[Obstacle]:
    versions = {o.domain: o.version for o in model.proto.opset_import}
    seen: set[tuple[str, bool]] = set()
    for node in every_node(model.proto.graph.node):
        default = node.domain in DEFAULT_DOMAINS
        op = node.op_type if default else f"{node.domain}::{node.op_type}"
        ours = not theirs.intersection(node.output)
        if (op, ours) in seen:
            continue
        seen.add((op, ours))
        version = model.opset if default else versions.get(node.domain, 1)
        if op in target.runtime.without:
            why = f"{target} has no such operator"
            yield Obstacle(f"{op} (opset {version})", why, target.runtime.without[op], ours)
        elif not default:
            yield from _domain(node, version, target, ours=ours)


def _domain(
    node: onnx.NodeProto, version: int, target: Target, *, ours: bool
) -> Iterator[Obstacle]:
    newest = target.release.domains.get(node.domain)
    what = f"{node.op_type} of {node.domain} {version}"
    how = "choose another target, or train a head that has a plain form, such as a linear one"
    if newest is None:
        yield Obstacle(what, f"{target} has no {node.domain}", how, ours)
    elif version > newest:
        yield Obstacle(what, f"{target} has {node.domain} up to {newest}", how, ours)


def _types(model: Model, target: Target, theirs: frozenset[str]) -> Iterator[Obstacle]:
    refused = target.runtime.without_types
    if not refused:
        return
    for node in model.nodes:
        for name in node.writes:
            dtype = model.values[name].dtype
            if dtype in refused:
                why = f"{target} does not compute in it"
                how = (
                    "leave --precision float64 out"
                    if name not in theirs
                    else "convert it to float32"
                )
                yield Obstacle(f"{node.op} in {dtype}", why, how, name not in theirs)
                return


def _outputs(model: Model, target: Target, backbone: Model | None) -> Iterator[Obstacle]:
    for info in model.proto.graph.output:
        ours = backbone is None or info.name not in backbone.outputs
        value, tensor = Value.of(info), info.type.WhichOneof("value") in (None, "tensor_type")
        if not tensor and not target.runtime.maps:
            what, how = f"the output {info.name!r}, which is no tensor", "return the tensor inside"
            yield Obstacle(what, f"{target} returns tensors only", how, ours)
        if value.dtype == "str" and not target.runtime.text:
            what, how = (
                f"the output {info.name!r} of text",
                "return indices and keep the text in a file",
            )
            yield Obstacle(what, f"{target} has no text", how, ours)


def _written_by(model: Model) -> frozenset[str]:
    return frozenset(name for node in every_node(model.proto.graph.node) for name in node.output)
