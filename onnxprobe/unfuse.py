"""The heads that were fused into a model: which there are, and the model without them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from onnxprobe.errors import ContractError, GraphError, NoSuchNameError
from onnxprobe.fuse import BACKBONE, BROUGHT, HEADS, OURS
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.upstream import upstream
from onnxprobe.graph.save import save
from onnxprobe.graph.unstitch import unstitch
from onnxprobe.graph.within import COPIES
from onnxprobe.hints import hints, without_hints
from onnxprobe.proof import Compared, prove, sha256
from onnxprobe.told import damaged, told


@dataclass(frozen=True, slots=True)
class FusedHead:
    """A head that was fused into a model, as the model's metadata tells it.

    Attributes:
        name: what its inner tensors begin with.
        kind: how it reads its logits; ``"file"`` where it came from an ``.onnx`` file.
        classes: what its answers stand for; empty where nobody said.
        probes: ``tensor:pooling`` of what it reads, in order.
        outputs: what it returns, by their names in the fused model.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    probes: tuple[str, ...]
    outputs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the head as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Unfused:
    """What taking heads out showed.

    Attributes:
        removed: names of the heads that were taken out.
        kept: names of those that stay.
        original: whether the file is, byte for byte, the backbone that was fused.
        batches: the batch sizes at which both files were run; none where ``original``, or where
            nobody asked for a proof.
        outputs: the outputs that stay, fused file against the new one.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    original: bool
    batches: tuple[int, ...] = ()
    outputs: tuple[Compared, ...] = ()


def heads(model: Model) -> tuple[FusedHead, ...]:
    """Return the heads that were fused into ``model``, oldest first; none if it is a backbone.

    Raises:
        GraphError: the metadata that tells of them is damaged.
    """
    try:
        return tuple(map(_head, told(model, HEADS, [])))
    except (KeyError, TypeError, AttributeError):
        raise damaged(HEADS) from None


def unfuse(fused: Model, name: str | None = None) -> Model:
    """Return ``fused`` without the head ``name``, or without any: then it is the backbone again.

    A probe goes with the last head that reads it, unless the backbone had it or it is an output.
    Without a head left the metadata is as it was before the first was fused.

    Raises:
        NoSuchNameError: no head has that name.
        GraphError: there are no heads, or the metadata that tells of them is damaged.
        StitchError: something that is not the head's has come to depend on it since.
    """
    found = {head.name: head for head in heads(fused)}
    if not found:
        raise GraphError("no head was fused into this model, so none can be taken out")
    if name is not None and name not in found:
        raise NoSuchNameError("head", name, found)
    gone = list(found.values()) if name is None else [found[name]]
    stay = [head for head in found.values() if head not in gone]
    brought = _Brought.of(fused)
    read = {probe for head in stay for probe in head.probes} | set(fused.outputs)
    probes = {probe for probe in brought.probes if probe not in read}
    owned = _by_owner(fused, {*found, *brought.probes})
    tensors = {output for head in gone for output in head.outputs} | probes
    tensors.update(*(owned.get(owner, ()) for owner in (*(head.name for head in gone), *probes)))
    tensors.difference_update(*(head.outputs for head in stay))
    tensors |= _idle(fused, tensors)
    bare = unstitch(fused, tensors, domains=brought.domains, functions=brought.functions)
    if not stay:
        others = {
            key: text
            for key, text in without_hints(bare.metadata).items()
            if key in brought.metadata or not key.startswith(OURS)
        }
        return _with_metadata(bare, others | brought.metadata)
    left = [said for said in told(fused, HEADS, []) if said["prefix"] in {h.name for h in stay}]
    now = replace(brought, probes=tuple(p for p in brought.probes if p not in probes))
    changed = {HEADS: json.dumps(left), BROUGHT: json.dumps(asdict(now))}
    new = without_hints(bare.metadata) | changed
    return _with_metadata(bare, new | hints(new))


def write_unfused(
    path: Path,
    out: Path,
    name: str | None = None,
    *,
    outside: str = "link",
    proven: bool = True,
) -> Unfused:
    """Take heads out of the file ``path`` and write the rest to ``out``, if its answers stay.

    A file that is the backbone byte for byte, by the sha256 that fusing noted, needs no run.

    Args:
        path: the fused ``.onnx`` file. It is not changed.
        out: the new file.
        name: the head to take out; all where left out.
        outside: what becomes of a file of weights beside the model (see ``graph.save``).
        proven: whether the two files are run and compared before the new one is written.

    Raises:
        NoSuchNameError, GraphError, StitchError: as :func:`unfuse`.
        ContractError: an answer that stays would change.
        RunError: one of the two does not run.
    """
    fused = load(path)
    bare = unfuse(fused, name)
    kept = tuple(head.name for head in heads(bare))
    removed = tuple(head.name for head in heads(fused) if head.name not in kept)
    found: list[Unfused] = []

    def check(temporary: Path) -> None:
        digest = sha256(temporary)
        if digest == told(fused, BACKBONE, {}).get("sha256"):
            found.append(Unfused(removed, kept, original=True))
            return
        if not proven:
            found.append(Unfused(removed, kept, original=False))
            return
        proof = prove(temporary, path, backbone=digest)
        changed = next((o for o in proof.outputs if not o.identical), None)
        if changed is not None:
            raise ContractError(
                f"without its head the output {changed.name!r} would change by "
                f"{changed.max_difference:.3g}; nothing was written"
            )
        found.append(
            Unfused(removed, kept, original=False, batches=proof.batches, outputs=proof.outputs)
        )

    save(bare, out, outside=outside, check=check)
    return found[0]


@dataclass(frozen=True, slots=True)
class _Brought:
    """What fusing noted under ``BROUGHT``."""

    probes: tuple[str, ...]
    domains: tuple[str, ...]
    functions: tuple[tuple[str, str], ...]
    metadata: dict[str, str]

    @classmethod
    def of(cls, model: Model) -> "_Brought":
        said = told(model, BROUGHT, {})
        try:
            functions = tuple((domain, name) for domain, name in said["functions"])
            return cls(
                tuple(said["probes"]), tuple(said["domains"]), functions, dict(said["metadata"])
            )
        except (KeyError, TypeError, ValueError):
            raise damaged(BROUGHT) from None


def _head(said: Mapping[str, Any]) -> FusedHead:
    return FusedHead(
        name=said["prefix"],
        kind=said.get("kind", "file"),
        classes=tuple(map(str, said.get("classes", ()))),
        probes=tuple(said["probes"]),
        outputs=tuple(said["outputs"]),
    )


def _by_owner(model: Model, owners: Collection[str]) -> dict[str, list[str]]:
    """Return the tensors whose names begin with each owner's and ``/``; the longest counts."""
    found: dict[str, list[str]] = {}
    for tensor in model.names:
        ends = (i for i in range(len(tensor) - 1, 0, -1) if tensor[i] == "/")
        owner = next((tensor[:i] for i in ends if tensor[:i] in owners), None)
        if owner is not None:
            found.setdefault(owner, []).append(tensor)
    return found


def _idle(model: Model, gone: Collection[str]) -> set[str]:
    """Return the copies of nodes inside functions (see ``graph.within``) that nothing needs now."""
    lost, copies = frozenset(gone), {name for name in model.names if name.startswith(COPIES)}
    stay = [node for node in model.nodes if not (lost | copies).issuperset(node.writes)]
    read = {name for node in stay for name in node.reads} | (set(model.outputs) - lost)
    return copies - upstream(model, read & copies)[1]


def _with_metadata(model: Model, entries: Mapping[str, str]) -> Model:
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    del new.metadata_props[:]
    for key, value in entries.items():
        new.metadata_props.add(key=key, value=value)
    return Model(new, model.known)
