"""Put trained heads into a backbone, and write the file only if the proof holds."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxprobe import proof, runtime
from onnxprobe.contract import Difference, compare, kept
from onnxprobe.errors import ContractError, StitchError
from onnxprobe.graph.disk import wire
from onnxprobe.graph.expose import expose
from onnxprobe.graph.inline import showing
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.quantised import scale_of
from onnxprobe.graph.save import save
from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.heads import LinearHead
from onnxprobe.hints import hints
from onnxprobe.lowering import HEADS as OF_A_HEAD
from onnxprobe.measure import measured
from onnxprobe.pooling import POOLINGS
from onnxprobe.probe import Probe, by_sample, pooled
from onnxprobe.proof import Proof, prove, sha256, versions
from onnxprobe.targets import Target, require
from onnxprobe.told import damaged, told

Arrays = Mapping[str, NDArray[Any]]
HEADS: Final = "onnxprobe.heads"
"""Metadata of a fused model: what each head is called, its classes, what it reads and returns."""
BACKBONE: Final = "onnxprobe.backbone"
"""Metadata of a fused model: the sha256 of the file without any head."""
BROUGHT: Final = "onnxprobe.brought"
"""Metadata of a fused model: what came with the heads but is not one head's own (see ``_brought``)."""
PROOF: Final = "onnxprobe.proof"
VERSIONS: Final = "onnxprobe.versions"
TARGET: Final = "onnxprobe.target"
"""Metadata of a fused model: the runtime it was made for, where one was named."""
_HALVES: Final = ("float16", "bfloat16")
OURS: Final = "onnxprobe."
"""What every key begins with that fusing writes, and a few that others may have written before."""


@dataclass(frozen=True, slots=True)
class Part:
    """A head and the probes it reads.

    Attributes:
        name: what its inner tensors begin with.
        head: vectors in, answers out; one input a probe, in order.
        probes: where the vectors come from.
        answers: the same as ``head`` without a graph around it: one ``(n, d)`` array a probe to
            the outputs of ``head`` by name. The proof compares against it.
        facts: what the metadata says of the head.
    """

    name: str
    head: Model
    probes: tuple[Probe, ...]
    answers: Callable[[Sequence[NDArray[Any]]], Arrays]
    facts: Mapping[str, Any]

    @classmethod
    def linear(cls, head: LinearHead, probes: Sequence[Probe], *, like: Model) -> "Part":
        """Return a head that was trained here, for the opset and IR version of ``like``."""
        facts: dict[str, Any] = {
            "prefix": head.name,
            "kind": head.kind.name,
            "classes": list(head.classes),
            "threshold": [float(t) for t in head.threshold],
        }
        if head.novelty is not None:
            measure, limit = head.novelty.measure.name, float(head.novelty.limit)
            facts["novelty"] = {"measure": measure, "limit": round(limit, 6)}
        model = head.model(
            opset=like.opset, ir_version=like.ir_version, batch=batch_of(like) or "N"
        )
        said = facts | {"probes": list(map(str, probes)), "outputs": list(model.outputs)}
        model = with_metadata(model, {OF_A_HEAD: json.dumps([said])})
        return cls(head.name, model, tuple(probes), head.named, facts)

    @classmethod
    def file(cls, path: Path, probes: Sequence[Probe]) -> "Part":
        """Return the head in an ``.onnx`` file; ONNX Runtime says what it answers on its own."""
        head = load(path)

        def answers(vectors: Sequence[NDArray[Any]]) -> Arrays:
            return runtime.run(head, dict(zip(head.inputs, vectors, strict=True)))

        return cls(
            path.stem, head, tuple(probes), answers, {"prefix": path.stem, "sha256": sha256(path)}
        )


def fuse(backbone: Model, parts: Sequence[Part]) -> Model:
    """Return ``backbone`` with the answers of ``parts`` after its own, everything else untouched.

    Raises:
        NoSuchNameError, PoolingError: a probe does not fit the backbone.
        StitchError, VersionError: a head does not fit its probes, or the backbone's opset, or its
            name begins names that the backbone has already.
        GraphError: the metadata that tells of heads before is damaged.
    """
    for part in parts:
        _check_free(backbone, part.name)
    names = [part.name for part in parts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise StitchError(f"two heads are called {twice!r}; give one another name: NAME=FILE")
    tapped = pooled(backbone, [probe for part in parts for probe in part.probes])
    return stitch(tapped, *map(_graft, parts))


def write_fused(  # noqa: PLR0913  what a file is written with
    backbone: Path,
    parts: Sequence[Part],
    out: Path,
    *,
    outside: str = "link",
    proven: bool = True,
    target: Target | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Proof | None:
    """Fuse, prove, and write; with ``proven=False`` write without proof, and say so in the file.

    Args:
        backbone: the ``.onnx`` file to fuse into. It is not changed.
        parts: the heads.
        out: the new file.
        outside: what becomes of a file of weights beside the backbone (see ``graph.save``).
        proven: whether the two files are run and compared before the new one is written.
        target: what must load the new file, as far as is known of it.
        metadata: further entries for the new file, under keys of our own.

    Raises:
        ContractError: an old output would change, or a new one is not what the head computes.
        RunError: the backbone or the fused model does not run.
        VersionError: the target does not load the fused model.
        GraphError: the metadata that tells of heads before is damaged.
    """
    old = measured(load(backbone)) if proven else load(backbone)
    digest = sha256(backbone)
    fused = _described(old, fuse(old, parts), parts, digest, proven=proven)
    if metadata:
        fused = with_metadata(fused, metadata)
    fused = with_metadata(fused, hints(fused.metadata))
    if target is not None:
        require(fused, target, backbone=old)
        fused = with_metadata(fused, {TARGET: str(target)})
    differences = tuple(d for d in compare(old, fused) if not _asked_for(d, parts))
    if not kept(differences):
        broken = next(d for d in differences if d.breaks)
        raise ContractError(
            f"the fused model would break its contract: {broken}; nothing was written"
        )
    proofs: list[Proof] = []

    def check(temporary: Path) -> None:
        found = prove(
            backbone,
            temporary,
            backbone=digest,
            reference=_reference(old, parts, fused),
            tolerance=_tolerance(old, parts),
        )
        if not found.kept:
            others = (output for output in found.outputs if not output.identical)
            worst = max(others, key=lambda output: output.max_difference)
            raise ContractError(
                f"the output {worst.name!r} would change by {worst.max_difference:.3g}; nothing was "
                "written; choose another tensor (onnxprobe pick names one)"
            )
        proofs.append(found)

    save(fused, out, outside=outside, check=check if proven else lambda _: None)
    return proofs[0] if proofs else None


def domains_of(parts: Sequence[Part]) -> dict[str, int]:
    """Return the operator sets that ``parts`` need besides the plain one, and their versions."""
    return {
        domain: version
        for part in parts
        for domain, version in part.facts.get("domains", {}).items()
    }


def _asked_for(difference: Difference, parts: Sequence[Part]) -> bool:
    """Tell whether a head says that it brings the operator set that is new."""
    return not difference.old and difference.what in {
        f"opset of {domain!r}" for domain in domains_of(parts)
    }


def head_sha256(part: Part) -> str:
    """Return the sha256 of a head as it is written to a file of its own."""
    return hashlib.sha256(wire.dump(part.head.proto)).hexdigest()


def with_metadata(model: Model, entries: Mapping[str, str]) -> Model:
    """Return ``model`` with further metadata; a key that is there already takes the new value."""
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    others = [e for e in model.proto.metadata_props if e.key not in entries]
    del new.metadata_props[:]
    new.metadata_props.extend(others)
    for key, value in entries.items():
        new.metadata_props.add(key=key, value=value)
    return Model(new, model.known)


def _graft(part: Part) -> Graft:
    fed = (probe.output for probe in part.probes)
    return Graft(part.head, dict(zip(part.head.inputs, fed, strict=True)), prefix=f"{part.name}/")


def _check_free(backbone: Model, name: str) -> None:
    if name in _fused_before(backbone):
        raise StitchError(
            f"a head named {name!r} is in the file already; take it out first (onnxprobe unstitch --head "
            f"{name}), or give the new one another name: NAME=FILE"
        )
    taken = min(
        (tensor for tensor in backbone.names if tensor.startswith(f"{name}/")), default=None
    )
    if taken is not None:
        raise StitchError(
            f"a head named {name!r} would not be told from the backbone, which has {taken!r}; give "
            "the head another name"
        )


def _fused_before(backbone: Model) -> list[Any]:
    """Return what the heads are called that are in ``backbone``."""
    try:
        return [fact["prefix"] for fact in told(backbone, HEADS, [])]
    except (KeyError, TypeError):
        raise damaged(HEADS) from None


def _described(
    backbone: Model, model: Model, parts: Sequence[Part], digest: str, *, proven: bool
) -> Model:
    before = told(backbone, HEADS, [])
    added = iter(model.outputs[len(backbone.outputs) :])
    heads = [
        {
            **part.facts,
            "probes": list(map(str, part.probes)),
            "outputs": list(islice(added, len(part.head.outputs))),
            "sha256": head_sha256(part),
        }
        for part in parts
    ]
    needs = domains_of(parts)
    shown = {"batches": proof.BATCHES, "old_outputs": "bit-identical"}
    claim = (shown | ({"needs": needs} if needs else {})) if proven else "not proven"
    facts: dict[str, Any] = {
        HEADS: before + heads,
        BACKBONE: told(backbone, BACKBONE, {}) if before else {"sha256": digest},
        PROOF: claim,
        VERSIONS: versions(),
        BROUGHT: _brought(backbone, model, parts),
    }
    return with_metadata(model, {key: json.dumps(value) for key, value in facts.items()})


def _brought(backbone: Model, model: Model, parts: Sequence[Part]) -> dict[str, Any]:
    """Say what unfusing must take back when no head needs it, and the metadata to put back then."""
    before = told(backbone, BROUGHT, {})
    lists = [before.get(key, []) for key in ("probes", "domains", "functions")]
    if not all(isinstance(each, list) for each in lists):
        raise damaged(BROUGHT)
    functions = {(f.domain, f.name) for f in backbone.proto.functions}
    domains = {o.domain for o in backbone.proto.opset_import}
    probes = (str(p) for part in parts for p in part.probes if p.output not in backbone.names)
    ours = {key: text for key, text in backbone.metadata.items() if key.startswith(OURS)}
    return {
        "probes": list(dict.fromkeys((*lists[0], *probes))),
        "domains": lists[1]
        + [o.domain for o in model.proto.opset_import if o.domain not in domains],
        "functions": lists[2]
        + [
            [f.domain, f.name] for f in model.proto.functions if (f.domain, f.name) not in functions
        ],
        "metadata": before.get("metadata", ours),
    }


def _tolerance(backbone: Model, parts: Sequence[Part]) -> float:
    """Return how far new outputs may be from numpy: farther where they come from half precision."""
    tensors = [probe.tensor for part in parts for probe in part.probes]
    flat = showing(backbone, tensors)
    half = any(flat.value(name).dtype in _HALVES for name in tensors)
    return proof.HALF if half else proof.TOLERANCE


def _reference(backbone: Model, parts: Sequence[Part], fused: Model) -> proof.Reference:
    """Compute the new outputs without the fused graph: raw tensors, numpy poolings, heads."""
    tensors = list(dict.fromkeys(probe.tensor for part in parts for probe in part.probes))
    flat = showing(backbone, tensors)
    scales = {name: scale_of(flat, name) for name in tensors}
    said = [name for scale in scales.values() if scale is not None for name in scale.tensors]
    asked = list(dict.fromkeys((*tensors, *said)))
    session = runtime.Session(expose(flat, asked))
    added = fused.outputs[len(backbone.outputs) :]

    def reference(feeds: Arrays) -> Arrays:
        raw = session.run(feeds, asked)
        floats = {
            name: raw[name].astype(np.float32) if scale is None else scale.floats(raw[name], raw)
            for name, scale in scales.items()
        }
        found: list[NDArray[Any]] = []
        for part in parts:
            read = ((probe, by_sample(flat, probe, floats[probe.tensor])) for probe in part.probes)
            vectors = [POOLINGS[probe.pooling].apply(values) for probe, values in read]
            answers = part.answers(vectors)
            found += [answers[name] for name in part.head.outputs]
        return dict(zip(added, found, strict=True))

    return reference
