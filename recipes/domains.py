"""The default recipe: domains of any depth that are really there, and detectors that find them."""

from dataclasses import dataclass, field

import numpy as np

from onnxprobe.fuse import Part
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.recipe import Domain, Findings, Run
from recipes.classifier import Detectors, Trained
from recipes.clustering import Communities, Groups
from recipes.embedding import Embedded, Embedding
from recipes.tsne import TSNE


@dataclass(frozen=True)
class Domains:
    """Find the domains that are really in the pictures, at any depth, and train a detector for each.

    Pictures are embedded at the pick, for what they show, and at mid-network cuts, for how they
    look. Communities that come back when pictures are drawn again, in any of these views, are the
    domains. They overlap, so that each has a detector of its own.
    """

    embedding: Embedding = field(default_factory=Embedding)
    clustering: Communities = field(default_factory=Communities)
    tsne: TSNE = field(default_factory=TSNE)
    classifier: Detectors = field(default_factory=Detectors)

    def __call__(self, run: Run) -> Findings:
        embedded = self.embedding(run)
        groups = run.do("clustering", self.clustering, embedded.views)
        layout = run.do("tsne", self.tsne, embedded.views)
        trained = run.do("classifier", self.classifier, embedded.views, groups)
        return Findings(
            pick=embedded.pick,
            probes=embedded.probes,
            counts=embedded.counts,
            paths=embedded.paths,
            member=groups.value.member,
            domain=_first(groups.value.member),
            layout=layout.value.layout,
            split=trained.value.split,
            predicted=trained.value.predicted,
            confidence=trained.value.confidence,
            domains=_domains(embedded, groups.value, trained.value),
            heldout=trained.value.heldout,
            parts=_parts(run, embedded, groups.value, trained.value),
        )


def _first(member: np.ndarray) -> np.ndarray:
    """Return the first domain of each row, which is its most stable; −1 for none."""
    first = member.argmax(axis=1) if member.shape[1] else np.zeros(len(member))
    return np.where(member.any(axis=1), first, -1).astype(np.int64)


def _domains(embedded: Embedded, groups: Groups, trained: Trained) -> tuple[Domain, ...]:
    depth = dict(zip(map(str, embedded.probes), embedded.depths, strict=True))
    size = groups.member.sum(axis=0)
    return tuple(
        Domain(
            id=i,
            name=f"domain {i}",
            view=view,
            depth=depth[view],
            size=int(size[i]),
            share=float(size[i] / len(groups.member)),
            stability=float(groups.stability[i]),
            heldout_recall=trained.recall[i],
            heldout_precision=trained.precision[i],
            share_ratio=trained.share_ratio[i],
        )
        for i, view in enumerate(groups.view)
    )


def _parts(run: Run, embedded: Embedded, groups: Groups, trained: Trained) -> tuple[Part, ...]:
    if not groups.view:
        return ()
    head = LinearHead(
        kind=HEADS["detectors"],
        weight=trained.weight,
        bias=trained.bias,
        threshold=trained.threshold,
        classes=tuple(f"domain {i}" for i in range(len(groups.view))),
        widths=embedded.widths,
    )
    return (Part.linear(head, embedded.probes, like=run.model),)
